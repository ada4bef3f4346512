"""The measures of a page that was read."""

import numpy as np
import pytest

from engines.document.page import Page
from engines.document.scoring import (
    Sample,
    edit_distance,
    grids,
    measure,
    order_distance,
    same_grid,
    same_shape,
    text_recall,
    tokens,
)
from engines.document.types import Block, PageResult
from engines.images import Image

PAGE = Page(Image(np.zeros((2, 2, 3), np.uint8), 2, 2, "PNG"), None)
PIPES = "| a | b |\n| --- | --- |\n| c\\|d |  |"
HTML = '<table>\n<tr><td rowspan="2">a</td><td>b</td></tr>\n<tr><td>c &lt; d</td></tr>\n</table>'


def test_words_are_tokens_and_so_is_each_chinese_character() -> None:
    assert tokens("Hello, WORLD 你好ab") == ["hello", "world", "你", "好", "ab"]


def test_markup_is_no_text() -> None:
    assert tokens('<table><tr><td colspan="2">x</td></tr></table> ![y](images/3.jpg)') == ["x", "y"]


@pytest.mark.parametrize(
    ("first", "second", "distance"), [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0)]
)
def test_edit_distance_counts_single_changes(first: str, second: str, distance: int) -> None:
    assert edit_distance(first, second) == distance


def test_swapped_columns_cost_order_but_no_recall() -> None:
    truth, found = "one two three four five six", "four five six one two three"
    assert text_recall(truth, found) == 1.0
    assert order_distance(truth, found) == 1.0


def test_missing_words_cost_recall() -> None:
    assert text_recall("one two two three", "two three") == 0.5


def test_nothing_is_missing_of_nothing() -> None:
    assert text_recall("", "x") == 1.0
    assert order_distance("", "") == 0.0


def test_tables_of_both_kinds_are_found_in_order() -> None:
    assert grids(f"text\n\n{PIPES}\n\nmore\n\n{HTML}\n") == [
        (("a", "b"), ("c|d", "")),
        (("a", "b"), ("a", "c < d")),
    ]


def test_grids_are_the_same_but_for_spaces() -> None:
    assert same_grid((("a b", "c"),), (("ab", "c"),))
    assert not same_grid((("a", "b"),), (("a", "c"),))
    assert same_shape((("a", "b"),), (("x", "y"),))
    assert not same_shape((("a", "b"),), (("a",), ("b",)))


def test_a_measurement_has_a_row_for_each_page_and_one_for_all() -> None:
    def read(page: object, options: object, cancelled: object):  # type: ignore[no-untyped-def]
        yield PageResult("one two", blocks=(Block("text", (), "one two"), Block("footer", (), "7")))

    samples = [Sample("first", PAGE, "one two 7"), Sample("second", PAGE, tables=((("a",),),))]
    first, second, total = measure(samples, read)
    assert (first["page"], first["recall"], first["distance"]) == ("first", 1.0, 0.3333)
    assert (second["tables"], second["grids"]) == (1, 0)
    assert (total["page"], total["recall"], total["tables"], total["grids"]) == ("all", 1.0, 1, 0)


def test_without_pages_there_is_nothing_to_tell() -> None:
    assert measure([], lambda *_: iter(())) == []
