"""Tables: the network's tokens, drawn rules, and words that find their cells."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engines.document.classic_lines import Line
from engines.document.tables import SIDE, TOKENS, Cell, find_cells, place_cells, prepare
from engines.document.tables_ruled import find_ruled_tables
from engines.document.tables_text import fill, to_markdown
from engines.document.types import Box

NOWHERE: Box = (0, 0, 0, 0)


class Network:
    """Stands in for the table network: it says these tokens."""

    inputs: ClassVar[Mapping[str, tuple[int | None, ...]]] = {"x": (1, 3, SIDE, SIDE)}
    outputs = ()

    def __init__(self, tokens: list[str], corners: list[float]) -> None:
        self.tokens = tokens
        self.corners = corners

    def run(self, feeds: object) -> list[np.ndarray]:
        said = [TOKENS.index(token) + 1 for token in self.tokens] + [len(TOKENS) + 1, 5]
        probabilities = np.zeros((1, len(said), len(TOKENS) + 2), np.float32)
        probabilities[0, np.arange(len(said)), said] = 1
        return [np.tile(np.array(self.corners, np.float32), (1, len(said), 1)), probabilities]


def places(tokens: list[str]) -> list[tuple[int, int, int, int]]:
    count = sum(token in ("<td", "<td></td>") for token in tokens)
    return [(cell.row, cell.column, cell.rows, cell.columns) for cell in place_cells(tokens, [NOWHERE] * count)]


def page(width: int = 800, height: int = 1000) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (width, height), "white")
    return image, ImageDraw.Draw(image)


def ruled(image: Image.Image) -> list[list[tuple[int, int, int, int]]]:
    found = find_ruled_tables(np.asarray(image))
    return [[(cell.row, cell.column, cell.rows, cell.columns) for cell in cells] for _, cells in found]


def grid(rows: int, columns: int) -> list[Cell]:
    return [
        Cell(row, column, 1, 1, (column * 100.0, row * 40.0, column * 100.0 + 100, row * 40.0 + 40))
        for row in range(rows)
        for column in range(columns)
    ]


def word(text: str, left: float, top: float, width: float = 50) -> Line:
    return Line(text, (left, top, left + width, top + 20), 20)


def test_cells_are_placed_row_by_row() -> None:
    row = ["<tr>", "<td></td>", "<td></td>", "</tr>"]
    assert places(["<tbody>", *row, *row, "</tbody>"]) == [(0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)]


def test_a_cell_that_spans_rows_pushes_the_next_row_aside() -> None:
    first = ["<tr>", "<td", ' rowspan="2"', ">", "</td>", "<td></td>", "</tr>"]
    assert places([*first, "<tr>", "<td></td>", "</tr>"]) == [(0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1)]


def test_a_cell_that_spans_columns_and_rows_takes_all_their_places() -> None:
    first = ["<tr>", "<td", ' colspan="2"', ' rowspan="2"', ">", "</td>", "<td></td>", "</tr>"]
    assert places([*first, "<tr>", "<td></td>", "</tr>"]) == [(0, 0, 2, 2), (0, 2, 1, 1), (1, 2, 1, 1)]


def test_cells_are_in_pixels_of_the_picture() -> None:
    network = Network(["<tr>", "<td></td>", "</tr>"], [0.1, 0.2, 0.5, 0.2, 0.5, 0.4, 0.1, 0.4])
    cells = find_cells(network, np.zeros((300, 1000, 3), np.uint8))
    assert [(cell.row, cell.column) for cell in cells] == [(0, 0)]
    assert cells[0].box == pytest.approx((100, 200, 500, 400))


def test_what_follows_the_end_of_the_table_does_not_count() -> None:
    assert find_cells(Network([], [0.0] * 8), np.zeros((300, 1000, 3), np.uint8)) == []


def test_a_table_fits_into_the_upper_left_of_a_black_square() -> None:
    square = prepare(np.full((100, 400, 3), 255, np.uint8))
    assert square.shape == (1, 3, SIDE, SIDE)
    assert square[0, :, 121, :].min() > 2
    assert np.all(square[0, :, 122:, :] == 0)


def test_drawn_rules_are_the_grid() -> None:
    image, draw = page()
    for y in (100, 140, 180, 220):
        draw.line((100, y, 700, y), "black", 2)
    for x in (100, 250, 700):
        draw.line((x, 100, x, 220), "black", 2)
    assert ruled(image) == [[(row, column, 1, 1) for row in range(3) for column in range(2)]]


def test_where_a_rule_is_missing_a_cell_spans() -> None:
    image, draw = page()
    for y in (100, 180, 220):
        draw.line((100, y, 700, y), "gray", 1)
    draw.line((100, 140, 400, 140), "gray", 1)
    for x in (100, 700):
        draw.line((x, 100, x, 220), "gray", 1)
    draw.line((400, 100, 400, 180), "gray", 1)
    assert ruled(image) == [[(0, 0, 1, 1), (0, 1, 2, 1), (1, 0, 1, 1), (2, 0, 1, 2)]]


def test_two_drawn_tables_are_two() -> None:
    image, draw = page()
    for top in (100, 600):
        for step in range(3):
            draw.line((100, top + 60 * step, 500, top + 60 * step), "black", 2)
            draw.line((100 + 200 * step, top, 100 + 200 * step, top + 120), "black", 2)
    assert [len(cells) for cells in ruled(image)] == [4, 4]


def test_letters_and_frames_are_no_table() -> None:
    image, draw = page()
    draw.rectangle((100, 100, 700, 500), outline="black", width=2)
    for top in range(120, 480, 30):
        draw.text((120, top), "HELLO 田日目 TEE ITEM FELT", fill="black", font_size=24)
    assert ruled(image) == []


def test_words_go_into_the_cells_that_they_cover() -> None:
    lines = [word("a", 10, 10), word("b", 120, 10), word("c", 10, 50), word("d", 120, 50)]
    assert to_markdown(fill(grid(2, 2), lines)) == "| a | b |\n| --- | --- |\n| c | d |"


def test_a_line_across_cells_is_parted_by_its_words() -> None:
    words = (("left", (10.0, 10.0, 60.0, 30.0)), ("right", (130.0, 10.0, 190.0, 30.0)))
    across = Line("left right", (10, 10, 190, 30), 20, words=words)
    assert [text for _, text in fill(grid(1, 2), [across])] == ["left", "right"]


def test_a_word_outside_every_cell_goes_into_the_nearest() -> None:
    assert [text for _, text in fill(grid(1, 2), [word("a", 10, 10), word("late", 230, 10)])] == ["a", "late"]


def test_rows_without_words_at_the_end_are_left_out() -> None:
    assert to_markdown(fill(grid(3, 1), [word("a", 10, 10), word("b", 10, 50)])) == "| a |\n| --- |\n| b |"


def test_a_bar_in_a_cell_does_not_part_it() -> None:
    assert "a\\|b" in to_markdown(fill(grid(1, 2), [word("a|b", 10, 10)]))


def test_a_table_whose_cells_span_is_html_and_says_nothing_that_html_would_take_for_markup() -> None:
    table = [(Cell(0, 0, 1, 2, NOWHERE), "<b> & c"), (Cell(1, 0, 1, 1, NOWHERE), "1"), (Cell(1, 1, 1, 1, NOWHERE), "")]
    assert to_markdown(table) == (
        '<table>\n<tr><td colspan="2">&lt;b&gt; &amp; c</td></tr>\n<tr><td>1</td><td></td></tr>\n</table>'
    )
