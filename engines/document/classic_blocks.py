"""Lines and regions of a page -> its parts in reading order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median, mode
from typing import Final

from engines.document.classic_lines import Line, area, around, body_size, rows, shared
from engines.document.layout import Kind, Region
from engines.document.layout_regions import in_margin, is_page_number
from engines.document.order import reading_order
from engines.document.tables import Cell
from engines.document.types import Box

# A line belongs to a region if so much of it is inside.
INSIDE: Final = 0.5
# Lines of no region belong together while the white between them is at most so many of their sizes high.
WHITE: Final = 0.9
RESIZED: Final = 1.35
# A text region may be two columns that the network took for one: both must have so many rows, and this white, in sizes.
COLUMN_ROWS: Final = 3
GUTTER: Final = 0.8
# A table without rules: its pieces are shorter than so many sizes, and this part of its rows has as many as the others.
SHORT: Final = 8
REGULAR: Final = 0.7


@dataclass(frozen=True, slots=True)
class RuledTable:
    """A table whose cells are drawn; pixels of the picture."""

    box: Box
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page.

    Attributes:
        kind: what it is.
        box: pixels.
        lines: in it; none in a picture without text.
        cells: of a table whose cells are drawn; empty where a network has to find them.
    """

    kind: Kind
    box: Box
    lines: tuple[Line, ...]
    cells: tuple[Cell, ...] = ()


def arrange(
    lines: Sequence[Line], regions: Sequence[Region], tables: Sequence[RuledTable], height: float
) -> list[Part]:
    """The parts of a page in reading order; running heads, feet and page numbers are kinds of their own.

    Args:
        lines: of the whole page, pixels.
        regions: that go together, see `layout_regions.settle`.
        tables: that are drawn; what the network says of their place does not count.
        height: of the page, pixels.
    """
    homes = [Part("table", table.box, (), table.cells) for table in tables]
    homes += [
        Part(region.kind, region.box, ())
        for region in regions
        if all(shared(region.box, table.box) < INSIDE * area(region.box) for table in tables)
        and not (region.kind == "table" and any(shared(region.box, t.box) > INSIDE * area(t.box) for t in tables))
    ]
    members: list[list[Line]] = [[] for _ in homes]
    strays: list[Line] = []
    for line in lines:
        home = _home(line, homes)
        (strays if home is None else members[home]).append(line)
    parts = [part for home, inside in zip(homes, members, strict=True) for part in _filled(home, inside)]
    parts += [Part("text", around(line.box for line in group), tuple(group)) for group in group_lines(strays)]
    parts = [_margin(part, lines, height) for part in parts]
    order = reading_order([part.box for part in parts], body_size(lines))
    return _lead([parts[index] for index in order])


def group_lines(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines of no region in groups that stand together: of one size, below one another, without much white between."""
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.box[1], line.box[0])):
        near = [group for group in groups if _goes_on(group, line)]
        if not near:
            groups.append([line])
            continue
        best = max(near, key=lambda group: group[-1].box[3])
        best.append(line)
    return groups


def _home(line: Line, homes: Sequence[Part]) -> int | None:
    """Index of the smallest region that holds a line; a table or a picture keeps what is in it."""
    holding = [i for i, home in enumerate(homes) if shared(line.box, home.box) >= INSIDE * max(1e-6, area(line.box))]
    if not holding:
        return None
    return min(holding, key=lambda i: (homes[i].kind not in ("table", "figure"), area(homes[i].box)))


def _filled(home: Part, inside: list[Line]) -> list[Part]:
    """A region with its lines, its box drawn around them; split where it is two columns."""
    if not inside:
        return [home] if home.kind == "figure" else []
    if home.kind in ("text", "reference", "figure") and is_tabular(inside):
        return [Part("table", around(line.box for line in inside), tuple(inside))]
    if home.kind in ("table", "figure"):
        return [Part(home.kind, around([home.box, *(line.box for line in inside)]), tuple(inside), home.cells)]
    columns = split_columns(inside) if home.kind in ("text", "reference") else [inside]
    return [Part(home.kind, around(line.box for line in column), tuple(column)) for column in columns]


def is_tabular(lines: Sequence[Line]) -> bool:
    """Whether lines stand in rows of equally many short pieces, as in a table without rules."""
    pieces = [len(row) for row in rows(lines)]
    columns = mode(pieces)
    short = median(line.box[2] - line.box[0] for line in lines) < SHORT * body_size(lines)
    return len(pieces) >= COLUMN_ROWS and columns >= 2 and short and pieces.count(columns) >= REGULAR * len(pieces)


def split_columns(lines: list[Line]) -> list[list[Line]]:
    """Lines of one region, parted where a white strip runs from top to bottom between many rows of running text."""
    size = body_size(lines)
    ordered = sorted(lines, key=lambda line: line.box[0])
    reach = ordered[0].box[2]
    for index, line in enumerate(ordered[1:], start=1):
        left, right = ordered[:index], ordered[index:]
        wide = min(_running(side, size) for side in (left, right)) >= COLUMN_ROWS
        if line.box[0] - reach > GUTTER * size and wide:
            return [left, *split_columns(right)]
        reach = max(reach, line.box[2])
    return [lines]


def _lead(parts: list[Part]) -> list[Part]:
    """A heading at the foot of a column, with what it heads right below it across the columns, goes there."""
    ordered = list(parts)
    for title, follower in pairwise(parts):
        if title.kind != "title" or follower.box[1] >= title.box[1]:
            continue
        below = [part for part in parts if part.box[1] > title.box[1] and _overlap(part.box, title.box)]
        if below:
            ordered.remove(title)
            ordered.insert(ordered.index(min(below, key=lambda part: part.box[1])), title)
    return ordered


def _overlap(first: Box, second: Box) -> bool:
    """Whether one stands above the other."""
    return min(first[2], second[2]) > max(first[0], second[0])


def _running(lines: Sequence[Line], size: float) -> int:
    """How many lines are long enough for running text."""
    return sum(line.box[2] - line.box[0] > SHORT * size for line in lines)


def _goes_on(group: Sequence[Line], line: Line) -> bool:
    last = group[-1]
    size = min(last.size, line.size)
    if max(last.size, line.size) > RESIZED * size:
        return False
    aligned = min(last.box[2], line.box[2]) - max(last.box[0], line.box[0])
    return aligned > 0 and -0.5 * size < line.box[1] - last.box[3] <= WHITE * size


def _margin(part: Part, lines: Sequence[Line], height: float) -> Part:
    """A page's number at the edge is a foot, wherever the network missed it."""
    if part.kind in ("header", "footer") or len(part.lines) != 1 or not is_page_number(part.lines[0].text):
        return part
    if not in_margin(part.box, lines, height):
        return part
    return Part("header" if part.box[1] < height / 2 else "footer", part.box, part.lines)
