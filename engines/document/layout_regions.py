"""Regions that make sense together: no part of a page belongs to two of them, and what is called something it cannot
be is called text."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from engines.document.classic_lines import Line, area, around, body_size, rows, shared
from engines.document.layout import Region
from engines.document.types import Box

# Regions that share this part of the smaller one contend for it.
CONTENDED: Final = 0.6
# A region less than this part of another may stand inside it, such as a heading in a column.
NESTED: Final = 0.5
# A picture so much of which is covered by lines of text is a column of text that stands askew.
WRITTEN: Final = 0.3
# Running heads and feet stand in the outer part of a page, are short, and keep this many lines away from the text.
HEAD_PART: Final = 0.15
FOOT_PART: Final = 0.86
MARGIN_LETTERS: Final = 120
MARGIN_LINES: Final = 1.2
# What is larger than the text by so much heads the page and not all pages.
LARGE: Final = 1.25

_PAGE_NUMBER: Final = re.compile(
    r"[-–—·.|\s]*(?:page|p\.|seite|第)?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:页|(?:of|/|von|de)\s*\d{1,4})?[-–—·.|\s]*",
    re.IGNORECASE,
)
_WRITTEN_KINDS: Final = ("text", "title", "reference", "header", "footer", "figure_caption", "table_caption")


def settle(regions: Sequence[Region], lines: Sequence[Line], height: float) -> list[Region]:
    """Suppress what overlaps and correct what is called by a wrong name.

    Args:
        regions: as the network gave them, best score first.
        lines: of the whole page.
        height: of the page.
    """
    kept: list[Region] = []
    for region in regions:
        if region.kind == "figure" and _is_written(region.box, lines):
            continue
        if all(_may_both_stay(other, region) for other in kept):
            kept.append(region)
    return [_as_text(region, lines, height) for region in kept]


def is_page_number(text: str) -> bool:
    """Whether a line says a page's number and nothing else."""
    return bool(_PAGE_NUMBER.fullmatch(text.strip()))


def in_margin(box: Box, lines: Sequence[Line], height: float) -> bool:
    """Whether a box stands at the upper or lower edge of a page, with white between it and the text.

    Args:
        box: of a running head, a foot or a page number.
        lines: of the page, those in the box and others.
        height: of the page.
    """
    others = [line for line in lines if shared(line.box, box) < 0.5 * area(line.box)]
    inside = [line for line in lines if shared(line.box, box) >= 0.5 * area(line.box)]
    if not inside or not others:
        return False
    __left, top, _right, bottom = around(line.box for line in inside)
    away = MARGIN_LINES * min(body_size(lines), body_size(inside))
    beside = [line for line in others if top < (line.box[1] + line.box[3]) / 2 < bottom]
    if any(len(line.text) > MARGIN_LETTERS // 2 for line in beside):
        return False
    rest = [line for line in others if line not in beside]
    if bottom <= HEAD_PART * height:
        return all(line.box[1] >= bottom + away for line in rest)
    if top >= FOOT_PART * height:
        return all(line.box[3] <= top - away for line in rest)
    return False


def _may_both_stay(better: Region, other: Region) -> bool:
    common = shared(better.box, other.box)
    sizes = area(better.box), area(other.box)
    if common < CONTENDED * max(1e-6, min(sizes)):
        return True
    both_written = better.kind in _WRITTEN_KINDS and other.kind in _WRITTEN_KINDS
    return both_written and min(sizes) < NESTED * max(sizes)


def _is_written(box: Box, lines: Sequence[Line]) -> bool:
    inside = [line for line in lines if shared(line.box, box) >= 0.5 * area(line.box)]
    return len(inside) >= 5 and sum(area(line.box) for line in inside) >= WRITTEN * area(box)


def _as_text(region: Region, lines: Sequence[Line], height: float) -> Region:
    inside = [line for line in lines if shared(line.box, region.box) >= 0.5 * area(line.box)]
    letters = sum(len(line.text) for line in inside)
    if region.kind in ("header", "footer"):
        small = body_size(inside) <= LARGE * body_size(lines)
        stays = small and letters <= MARGIN_LETTERS and in_margin(region.box, lines, height)
    elif region.kind == "title":
        stays = len(rows(inside)) <= 3 and letters <= 200
    else:
        stays = True
    return region if stays else replace(region, kind="text")
