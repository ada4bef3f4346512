"""Rows of a block -> paragraphs and list items."""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final

from engines.document.classic_lines import Line, join_lines, join_row, rows

# A row starts a paragraph if it is indented by so much, in sizes of its letters ...
INDENT: Final = 0.8
# ... or if the white above it is so much more than usual, in sizes of its letters.
WHITE: Final = 0.5
# A row that ends so far from the right edge, in sizes of its letters, may end a paragraph.
SHORT: Final = 2.5
# Letters of one paragraph have about one size.
RESIZED: Final = 1.3

_BULLET: Final = re.compile(r"[•·●○■□▪▫◦‣◆◇►➢✓∙\uf0b7\uf0a7*–—-]\s+(?=\S)|[•●■▪◦‣➢✓]\s*(?=\S)")
_NUMBER: Final = re.compile(r"(?:\d{1,2}|[a-z])[.)]\s+(?=\S)")
_ENDS: Final = re.compile(r"[.!?:;。！？：；…”’\")）】』」]\s*$")


def paragraphs(lines: Sequence[Line]) -> list[str]:
    """Text of a block as Markdown paragraphs; items of a list begin with `- ` or their number.

    Args:
        lines: of one block of one column.
    """
    block = [join_row(row) for row in rows(lines)]
    groups: list[list[Line]] = []
    for index, row in enumerate(block):
        if index and not _starts(block, index):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [_to_text(group) for group in groups]


def is_item(text: str) -> bool:
    """Whether a text begins like an item of a list."""
    return bool(_BULLET.match(text) or _NUMBER.match(text))


def _starts(block: Sequence[Line], index: int) -> bool:
    """Whether a row begins a new paragraph."""
    before, row = block[index - 1], block[index]
    size = max(1.0, min(before.size, row.size))
    if _BULLET.match(row.text) or (_NUMBER.match(row.text) and (_ends(before) or is_item(before.text))):
        return True
    if max(before.size, row.size) > RESIZED * size:
        return True
    if row.box[1] - before.box[3] > _usual_white(block) + WHITE * size:
        return True
    left, right = min(line.box[0] for line in block), max(line.box[2] for line in block)
    indented = row.box[0] - left > INDENT * size
    hangs = is_item(before.text) or before.box[0] - left > INDENT * size
    if indented and not hangs:
        return True
    return _ends(before) and before.box[2] < right - SHORT * size and not (indented and is_item(before.text))


def _ends(line: Line) -> bool:
    return bool(_ENDS.search(line.text))


def _usual_white(block: Sequence[Line]) -> float:
    """Between two rows, pixels."""
    return median(low.box[1] - high.box[3] for high, low in pairwise(block))


def _to_text(group: Sequence[Line]) -> str:
    text = join_lines([line.text for line in group])
    if bullet := _BULLET.match(text):
        return "- " + escape(text[bullet.end() :])
    return text if _NUMBER.match(text) else escape(text)


def escape(text: str) -> str:
    """Text that Markdown would take for markup, so that it is shown as it is."""
    text = re.sub(r"<(?=[A-Za-z/!?])", r"\\<", text)
    return re.sub(r"^(?=#{1,6}\s|>|[+-]\s|```|~~~)", r"\\", text)
