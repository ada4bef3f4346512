"""Lines of a page, and how they become running text again."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engines.document.types import Box

# Two pieces stand in one row if they share this part of the lower one's height.
SHARED: Final = 0.5
_HYPHENS: Final = "-\u2010\u00ad"
_WIDE: Final = re.compile(r"[\u2e80-\u30ff\u3100-\u312f\u31a0-\u31ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
# Fonts map letters to look-alikes: radicals instead of ideographs, and ligatures.
_LOOK_ALIKES: Final = re.compile(r"[\u2f00-\u2fdf\ufb00-\ufb06]")
_RADICALS: Final = str.maketrans(
    "⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳", "虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙龟"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of text in one row.

    Attributes:
        text: what it says.
        box: pixels.
        size: of its letters, pixels: the font's size, or the height of the box.
        bold: whether it is known to be bold.
        words: its words with their boxes, where they are known.
    """

    text: str
    box: Box
    size: float
    bold: bool = False
    words: tuple[tuple[str, Box], ...] = ()


def tidy(text: str) -> str:
    """Text with look-alike letters of fonts replaced by the letters that are meant, and without control characters."""
    text = _LOOK_ALIKES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text).translate(_RADICALS)
    return "".join(mark for mark in text if mark in "\n\u00ad" or unicodedata.category(mark) not in ("Cc", "Cs"))


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds some boxes, of which there must be one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def area(box: Box) -> float:
    """Of a box, 0 where it is turned inside out."""
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def shared(first: Box, second: Box) -> float:
    """Area that two boxes have in common."""
    return area(
        (max(first[0], second[0]), max(first[1], second[1]), min(first[2], second[2]), min(first[3], second[3]))
    )


def rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines grouped into rows from top to bottom, each from left to right."""
    found: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.box[1] + line.box[3]):
        if found and _in_row(found[-1][-1].box, line.box):
            found[-1].append(line)
        else:
            found.append([line])
    return [sorted(row, key=lambda line: line.box[0]) for row in found]


def join_row(row: Sequence[Line]) -> Line:
    """The pieces of a row as one line."""
    if len(row) == 1:
        return row[0]
    size = max(row, key=lambda line: len(line.text)).size
    words = tuple(word for line in row for word in line.words or ((line.text, line.box),))
    return Line(
        join_pieces([line.text for line in row]),
        around(line.box for line in row),
        size,
        all(line.bold for line in row),
        words,
    )


def join_pieces(texts: Sequence[str]) -> str:
    """Texts that stand side by side, with a space where the script has spaces."""
    joined = ""
    for text in texts:
        joined += (" " if joined and text and _has_spaces(joined[-1], text[0]) else "") + text
    return joined


def join_lines(texts: Sequence[str]) -> str:
    """Lines of one paragraph as running text: words that were broken at the end of a line are mended."""
    joined = ""
    for text in texts:
        text = text.strip()
        if _is_broken(joined, text):
            joined = joined.rstrip(_HYPHENS) + text
        elif joined.endswith(tuple(_HYPHENS)) and joined[-2:-1].isalnum():
            joined += text
        else:
            joined = join_pieces([joined, text])
    return joined.replace("\u00ad", "")


def body_size(lines: Sequence[Line]) -> float:
    """The size that most letters of a page have, pixels; 1 for an empty page."""
    half = sum(len(line.text) for line in lines) / 2
    passed = 0
    for line in sorted(lines, key=lambda line: line.size):
        passed += len(line.text)
        if passed >= half:
            return max(line.size, 1.0)
    return 1.0


def is_wide(mark: str) -> bool:
    """Whether a character is as wide as high, of a script that has no spaces."""
    return bool(_WIDE.match(mark))


def _in_row(first: Box, second: Box) -> bool:
    common = min(first[3], second[3]) - max(first[1], second[1])
    return common >= SHARED * max(1e-6, min(first[3] - first[1], second[3] - second[1]))


def _has_spaces(before: str, after: str) -> bool:
    return not (before.isspace() or after.isspace() or is_wide(before) or is_wide(after))


def _is_broken(before: str, after: str) -> bool:
    """Whether a word goes on: a soft hyphen says so; a hard one does between small letters, but not in `five-and-`."""
    if before.endswith("\u00ad"):
        return True
    word = before.rsplit(maxsplit=1)[-1] if before.strip() else ""
    return (
        len(word) > 2
        and word[-1] in _HYPHENS
        and word[-2].islower()
        and after[:1].islower()
        and not any(hyphen in word[:-1] for hyphen in _HYPHENS[:2])
    )
