"""Reading order of blocks on a page of 1000 x 1400 pixels whose lines are 20 pixels high."""

from hypothesis import given
from hypothesis import strategies as st

from engines.document.order import reading_order
from engines.document.types import Box

LINE = 20.0
TITLE: Box = (100, 40, 900, 90)
LEFT: Box = (100, 120, 480, 600)
RIGHT: Box = (520, 120, 900, 600)


def order(*boxes: Box) -> list[int]:
    return reading_order(boxes, LINE)


def test_blocks_below_each_other_are_read_from_top_to_bottom() -> None:
    assert order((0, 300, 100, 340), (0, 100, 100, 140), (0, 200, 100, 240)) == [1, 2, 0]


def test_the_left_column_is_read_before_the_right_one() -> None:
    assert order(RIGHT, LEFT) == [1, 0]


def test_a_heading_across_both_columns_comes_first() -> None:
    assert order(RIGHT, LEFT, TITLE) == [2, 1, 0]


def test_columns_whose_paragraphs_end_at_the_same_height_are_still_read_one_by_one() -> None:
    lower_left, lower_right = (100, 640, 480, 1000), (520, 640, 900, 1000)
    assert order(LEFT, RIGHT, lower_left, lower_right) == [0, 2, 1, 3]


def test_a_picture_across_the_page_parts_the_columns_above_from_those_below() -> None:
    picture = (100, 640, 900, 900)
    lower_left, lower_right = (100, 940, 480, 1300), (520, 940, 900, 1300)
    assert order(lower_right, lower_left, picture, RIGHT, LEFT) == [4, 3, 2, 1, 0]


def test_single_lines_side_by_side_are_read_as_rows() -> None:
    names = [(100, top, 300, top + 20) for top in (100, 140, 180)]
    values = [(600, top, 800, top + 20) for top in (100, 140, 180)]
    assert order(*names, *values) == [0, 3, 1, 4, 2, 5]


def test_boxes_that_reach_a_little_into_each_other_are_still_cut_apart() -> None:
    assert order((490, 120, 900, 600), (100, 120, 500, 600)) == [1, 0]


def test_a_page_without_blocks_has_no_order() -> None:
    assert order() == []


@given(st.lists(st.tuples(*[st.floats(0, 1000)] * 2, *[st.floats(1, 500)] * 2), max_size=25))
def test_every_block_is_read_once(places: list[tuple[float, float, float, float]]) -> None:
    boxes = [(x, y, x + width, y + height) for x, y, width, height in places]
    assert sorted(order(*boxes)) == list(range(len(boxes)))
