"""How a page is read, with networks that know what stands where."""

from collections.abc import Sequence

import numpy as np
import pytest

from engines.ocr.boxes import Region, order_corners
from engines.ocr.ctc import Reading
from engines.ocr.page import read_page
from engines.ocr.turn import turn_quad

WIDTH, HEIGHT = 300, 400


class DrawnText:
    """Stands in for the networks: each line of the picture is a band of one gray with a dark left end."""

    def __init__(self, quarters: int, count: int = 6) -> None:
        upright = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
        boxes = []
        for row in range(count):
            top = 20 + 60 * row
            upright[top : top + 24, 40:240] = 100 + 10 * row
            upright[top : top + 24, 40:60] = 0
            boxes.append(np.array([(40, top), (240, top), (240, top + 24), (40, top + 24)], np.float32))
        self.pixels = np.ascontiguousarray(np.rot90(upright, quarters))
        self.boxes = [turn_quad(box, WIDTH, HEIGHT, quarters) for box in boxes]
        self.lines_read = 0

    def detect(self, pixels: np.ndarray, side: int | None = None) -> list[Region]:
        assert pixels is self.pixels
        return [Region(order_corners(box), 0.9) for box in reversed(self.boxes)]

    def read(self, lines: Sequence[np.ndarray]) -> list[Reading]:
        self.lines_read += len(lines)
        return [self._read(line) for line in lines]

    def upside_down(self, lines: Sequence[np.ndarray]) -> list[bool]:
        return [bool(line[line.shape[0] // 2, -5, 0] == 0) for line in lines]

    def _read(self, line: np.ndarray) -> Reading:
        middle = line[line.shape[0] // 2, :, 0]
        if middle[5] == 0:
            return Reading(f"line {(int(np.median(middle)) - 100) // 10}", 0.95)
        return Reading("?????", 0.3)


@pytest.mark.parametrize("quarters", range(4))
def test_a_page_is_read_in_order_however_it_lies(quarters: int) -> None:
    drawn = DrawnText(quarters)
    lines = read_page(drawn, drawn.pixels, 0.5)
    assert [line.reading.text for line in lines] == [f"line {row}" for row in range(6)]


@pytest.mark.parametrize("quarters", range(4))
def test_corners_start_at_the_top_left_of_the_text_in_pixels_of_the_picture(quarters: int) -> None:
    drawn = DrawnText(quarters)
    lines = read_page(drawn, drawn.pixels, 0.5)
    for line, box in zip(lines, drawn.boxes, strict=True):
        assert line.quad == pytest.approx(box)


def test_a_single_line_on_its_head_is_read_too() -> None:
    drawn = DrawnText(0, count=5)
    left, top = drawn.boxes[2][0].astype(int)
    band = drawn.pixels[top : top + 24, left : left + 200]
    band[:] = band[::-1, ::-1].copy()
    lines = read_page(drawn, drawn.pixels, 0.5)
    assert [line.reading.text for line in lines] == [f"line {row}" for row in range(5)]
    assert lines[2].quad.tolist() == np.roll(drawn.boxes[2], 2, axis=0).tolist()
    assert lines[1].quad.tolist() == drawn.boxes[1].tolist()


def test_an_upright_page_is_read_only_once() -> None:
    drawn = DrawnText(0)
    read_page(drawn, drawn.pixels, 0.5)
    assert drawn.lines_read == 6


def test_lines_under_the_least_score_are_left_out() -> None:
    drawn = DrawnText(0)
    assert read_page(drawn, drawn.pixels, 0.96) == []
