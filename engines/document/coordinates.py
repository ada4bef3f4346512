"""The inside of a `det`: numbers in nested lists, read as they come, whatever is wrong with them."""

import re
from typing import Final

from engines.document.types import Box

# What DeepSeek-OCR writes for the right or lower edge of a picture.
LAST: Final = 999
# A list of four numbers is much shorter; longer ones are text behind a `det` that nobody closed.
LONGEST_LIST: Final = 120
MOST_BOXES: Final = 500

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_NUMERIC: Final = re.compile(r"[\s\d\[\],.;-]*")


class Coordinates:
    """Boxes of one `det`; holds no more than one inner list of it.

    Real output has letters between the numbers, boxes as two points, one pair of brackets or none, and ends that
    never come. Nothing of it is evaluated, only numbers are looked for.
    """

    def __init__(self) -> None:
        """Nothing read yet."""
        self.boxes: list[Box] = []
        self._list = ""
        self._depth = 0
        self._closed = False
        self._corner: list[float] = []

    def read(self, piece: str) -> str | None:
        """Read on.

        Returns:
            None while it may go on; else the text that turned out to stand behind a `det` without an end.
        """
        for index, mark in enumerate(piece):
            if self._is_text(mark):
                return self.give_up() + piece[index:]
            if mark == "[":
                self._depth += 1
                self._closed = False
                self._list = ""
            elif mark == "]":
                if not self._take():
                    return "[" + self._list + piece[index:]
                self._list = ""
                self._depth = max(0, self._depth - 1)
                self._closed = self._depth == 0
            else:
                self._list += mark
        return None

    def end(self) -> None:
        """The `det` is closed."""
        self._take()
        self._list = ""

    def give_up(self) -> str:
        """The `det` broke off; what was read of it and is no coordinate."""
        rest, self._list = self._list, ""
        return rest if self._closed else rest[_prefix(rest) :]

    def _is_text(self, mark: str) -> bool:
        if mark == "\n" or len(self._list) >= LONGEST_LIST:
            return True
        if not self._closed:
            return False
        # All brackets are closed: only a comma leads to a further list.
        return not (mark in "], " or (mark == "[" and "," in self._list))

    def _take(self) -> bool:
        """Make a box of the list; False where it is words without a number."""
        numbers = [min(max(float(number), 0.0), LAST) for number in _NUMBER.findall(self._list)]
        if len(numbers) == 2:
            numbers = self._corner + numbers
            self._corner = [] if len(numbers) == 4 else numbers
        if len(numbers) == 4 and len(self.boxes) < MOST_BOXES:
            x1, y1, x2, y2 = numbers
            box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
            if box[0] < box[2] and box[1] < box[3]:
                self.boxes.append(box)
        return bool(numbers) or _prefix(self._list) == len(self._list)


def _prefix(text: str) -> int:
    """How many marks at the start could be coordinates."""
    match = _NUMERIC.match(text)
    return match.end() if match else 0
