"""Regions out of the network's numbers, and which of them may stay."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import pytest

from engines.document.classic_lines import Line
from engines.document.layout import HEIGHT, STRIDES, WIDTH, Region, decode_boxes, find_regions, prepare
from engines.document.layout_regions import in_margin, is_page_number, settle
from engines.document.types import Box


class Network:
    """Stands in for the layout network: one cell of one stride sees something."""

    inputs: ClassVar[Mapping[str, tuple[int | None, ...]]] = {"image": (1, 3, HEIGHT, WIDTH)}
    outputs = ()

    def __init__(self, seen: list[tuple[int, int, int, float]]) -> None:
        """Take stride, cell, kind and score of what is seen, always 3 strides to each side of its cell."""
        self.seen = seen

    def run(self, feeds: object) -> list[np.ndarray]:
        counts = [-(-HEIGHT // stride) * -(-WIDTH // stride) for stride in STRIDES]
        scores = [np.zeros((1, count, 10), np.float32) for count in counts]
        distances = [np.zeros((1, count, 32), np.float32) for count in counts]
        for stride, cell, kind, score in self.seen:
            scores[STRIDES.index(stride)][0, cell, kind] = score
            distances[STRIDES.index(stride)][0, cell, 3::8] = 50.0
        return [*scores, *distances]


def line(text: str, box: Box) -> Line:
    return Line(text, box, box[3] - box[1])


def region(kind: str, box: Box, score: float = 0.9) -> Region:
    return Region(kind, score, box)  # type: ignore[arg-type]


BODY = [line("some words of the text", (100, top, 900, top + 20)) for top in range(300, 900, 30)]


def test_distances_are_the_mean_of_their_distribution_times_the_stride() -> None:
    certain = np.zeros((20, 32), np.float32)
    certain[:, 2::8] = 50.0
    boxes = decode_boxes(certain, 32)
    assert boxes[0].tolist() == pytest.approx([16 - 64, 16 - 64, 16 + 64, 16 + 64], abs=1e-3)
    # 608 / 32 = 19 cells a row
    assert boxes[19].tolist() == pytest.approx([16 - 64, 48 - 64, 16 + 64, 48 + 64], abs=1e-3)


def test_regions_are_in_pixels_of_the_picture() -> None:
    page = np.full((2 * HEIGHT, 3 * WIDTH, 3), 255, np.uint8)
    found = find_regions(Network([(16, 38 * 10 + 10, 4, 0.8)]), page)
    assert [(one.kind, round(one.score, 3)) for one in found] == [("table", 0.8)]
    assert found[0].box == pytest.approx((120 * 3, 120 * 2, 216 * 3, 216 * 2), abs=0.1)


def test_the_same_region_seen_by_two_cells_is_one() -> None:
    page = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    found = find_regions(Network([(16, 390, 0, 0.8), (16, 391, 0, 0.7), (16, 600, 0, 0.6)]), page)
    assert [round(one.score, 3) for one in found] == [0.8, 0.6]


def test_weak_regions_are_left_out() -> None:
    assert find_regions(Network([(8, 100, 0, 0.39)]), np.zeros((HEIGHT, WIDTH, 3), np.uint8)) == []


def test_a_page_of_any_proportion_fills_what_the_network_sees() -> None:
    assert prepare(np.zeros((3000, 100, 3), np.uint8)).shape == (1, 3, HEIGHT, WIDTH)


def test_of_two_regions_that_contend_for_a_place_the_better_one_stays() -> None:
    kept = settle([region("table", (0, 0, 500, 500), 0.9), region("figure", (10, 10, 480, 480), 0.5)], [], 1400)
    assert [one.kind for one in kept] == ["table"]


def test_a_heading_inside_a_column_stays_beside_it() -> None:
    kept = settle([region("text", (0, 0, 500, 900)), region("title", (0, 400, 500, 440), 0.6)], [], 1400)
    assert [one.kind for one in kept] == ["text", "title"]


def test_a_picture_full_of_lines_is_no_picture() -> None:
    assert settle([region("figure", (90, 290, 910, 910))], BODY, 1400) == []


def test_a_line_at_the_top_with_white_below_is_a_running_head() -> None:
    head = line("A History of Towns", (400, 100, 600, 120))
    kept = settle([region("header", (395, 95, 605, 125))], [head, *BODY], 1400)
    assert [one.kind for one in kept] == ["header"]


@pytest.mark.parametrize(
    "box", [(400, 270, 600, 290), (400, 600, 600, 620)], ids=["right above the text", "in the middle of the page"]
)
def test_what_the_network_calls_a_head_elsewhere_is_text(box: Box) -> None:
    head = line("A History of Towns", box)
    assert [one.kind for one in settle([region("header", box)], [head, *BODY], 1400)] == ["text"]


def test_the_only_text_of_a_page_is_no_running_head() -> None:
    assert not in_margin((400, 100, 600, 120), [line("Only this", (400, 100, 600, 120))], 1400)


@pytest.mark.parametrize("text", ["7", "- 12 -", "Page 3 of 9", "xiv", "第12页", "3/9", "| 4"])
def test_page_numbers_are_known(text: str) -> None:
    assert is_page_number(text)


@pytest.mark.parametrize("text", ["Chapter 7", "12 apples", "1984.5.2", "Page", ""])
def test_other_short_lines_are_no_page_numbers(text: str) -> None:
    assert not is_page_number(text)
