"""Cells and the words in them -> a table in Markdown, or in HTML where cells span."""

from collections.abc import Sequence
from html import escape
from typing import Final

from engines.document.classic_lines import Line, area, join_lines, join_row, rows, shared
from engines.document.tables import Cell
from engines.document.types import Box

# A line belongs to one cell if so much of it is inside; else its words find their cells one by one.
INSIDE: Final = 0.7

Table = list[tuple[Cell, str]]


def fill(cells: Sequence[Cell], lines: Sequence[Line]) -> Table:
    """Put every line into the cell that it covers most, or that is nearest.

    Args:
        cells: row by row, of which there must be one.
        lines: of the table, in the same pixels.
    """
    pieces: list[list[Line]] = [[] for _ in cells]
    for line in lines:
        home = _home(line.box, cells)
        if len(line.words) < 2 or shared(line.box, cells[home].box) >= INSIDE * area(line.box):
            pieces[home].append(line)
        else:
            for text, box in line.words:
                pieces[_home(box, cells)].append(Line(text, box, line.size, line.bold))
    texts = [join_lines([join_row(row).text for row in rows(inside)]) for inside in pieces]
    return _without_empty_edges(list(zip(cells, texts, strict=True)))


def to_markdown(table: Table) -> str:
    """A table as GitHub's Markdown, its first row the head; as HTML where a cell spans several."""
    if any(cell.rows > 1 or cell.columns > 1 for cell, _ in table):
        return _to_html(table)
    width = max(cell.column for cell, _ in table) + 1
    grid = [[""] * width for _ in range(max(cell.row for cell, _ in table) + 1)]
    for cell, text in table:
        grid[cell.row][cell.column] = text.replace("|", "\\|")
    lines = ["| " + " | ".join(row) + " |" for row in grid]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _to_html(table: Table) -> str:
    lines = []
    for row in range(max(cell.row for cell, _ in table) + 1):
        cells = [_cell(cell, text) for cell, text in table if cell.row == row]
        lines.append("<tr>" + "".join(cells) + "</tr>")
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _cell(cell: Cell, text: str) -> str:
    spans = "".join(f' {name}span="{span}"' for name, span in (("row", cell.rows), ("col", cell.columns)) if span > 1)
    return f"<td{spans}>{escape(text, quote=False)}</td>"


def _without_empty_edges(table: Table) -> Table:
    """The table without the empty rows at its end that the network likes to add."""
    written = [cell.row + cell.rows for cell, text in table if text]
    return [(cell, text) for cell, text in table if cell.row < max(written, default=0)]


def _home(box: Box, cells: Sequence[Cell]) -> int:
    """Index of the cell that a box belongs to."""
    common = [shared(box, cell.box) for cell in cells]
    best = max(range(len(cells)), key=common.__getitem__)
    if common[best] > 0:
        return best
    return min(range(len(cells)), key=lambda index: _distance(box, cells[index].box))


def _distance(box: Box, other: Box) -> float:
    """From the middle of a box to another box, level and upright together; pixels."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return max(other[0] - x, 0, x - other[2]) + max(other[1] - y, 0, y - other[3])
