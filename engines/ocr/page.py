"""Read one page: detect, turn it upright if it is not, recognise, order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engines.ocr.boxes import Quad, Region
from engines.ocr.crop import crop_line
from engines.ocr.ctc import Reading
from engines.ocr.order import reading_order
from engines.ocr.turn import runs_down, stands_on_head, turn_quad, turn_quads

Pixels = NDArray[np.uint8]

# A line read with less certainty may stand on its head, and is worth asking the direction classifier.
DOUBTFUL = 0.85


class Networks(Protocol):
    """What a page is read with."""

    def detect(self, pixels: Pixels, side: int | None) -> list[Region]:
        """Regions of text in a picture, uint8 [h, w, 3] RGB, in no order; `side` as `read_page` has it."""
        ...

    def read(self, lines: Sequence[Pixels]) -> list[Reading]:
        """Text of flat lines, uint8 [h, w, 3] RGB each."""
        ...

    def upside_down(self, lines: Sequence[Pixels]) -> list[bool]:
        """Whether each line stands on its head."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FoundLine:
    """A line of text.

    Attributes:
        quad: float32 [4, 2], pixels of the picture, clockwise from the text's top left.
        box_score: mean text probability inside the quad, 0..1.
        reading: its text.
    """

    quad: Quad
    box_score: float
    reading: Reading


def read_page(networks: Networks, pixels: Pixels, min_score: float, side: int | None = None) -> list[FoundLine]:
    """Lines of a picture in reading order.

    A page on its side or on its head is read as if it stood upright, and ordered so.

    Args:
        networks: the loaded model.
        pixels: uint8 [h, w, 3] RGB.
        min_score: lines read with a lower mean probability are left out.
        side: longer side of what the detector sees, pixels; None for the usual.
    """
    height, width = pixels.shape[:2]
    regions = networks.detect(pixels, side)
    quarters = 1 if runs_down(regions) else 0
    quads = turn_quads([region.quad for region in regions], width, height, quarters)
    turned = np.rot90(pixels, quarters)
    lines = [crop_line(turned, quad) for quad in quads]
    readings = networks.read(lines)
    flipped = _read_heads(networks, lines, readings)
    if stands_on_head([len(reading.text) for reading in readings], flipped):
        _read_flipped(networks, lines, readings, [index for index, head in enumerate(flipped) if not head])
        quads = turn_quads(quads, turned.shape[1], turned.shape[0], 2)
        flipped = [False] * len(quads)
        quarters += 2
    kept = [index for index, reading in enumerate(readings) if reading.text and reading.score >= min_score]
    order = reading_order([quads[index] for index in kept])
    turned_size = (height, width) if quarters % 2 else (width, height)
    return [
        FoundLine(
            turn_quad(np.roll(quads[index], 2, axis=0) if flipped[index] else quads[index], *turned_size, -quarters),
            regions[index].score,
            readings[index],
        )
        for index in (kept[place] for place in order)
    ]


def _read_heads(networks: Networks, lines: Sequence[Pixels], readings: list[Reading]) -> list[bool]:
    """Read doubtful lines that stand on their head again; says which were better then."""
    doubtful = [index for index, reading in enumerate(readings) if reading.score < DOUBTFUL]
    on_head = networks.upside_down([lines[index] for index in doubtful]) if doubtful else []
    again = [index for index, head in zip(doubtful, on_head, strict=True) if head]
    better = _read_flipped(networks, lines, readings, again)
    return [index in better for index in range(len(lines))]


def _read_flipped(
    networks: Networks, lines: Sequence[Pixels], readings: list[Reading], indices: Sequence[int]
) -> set[int]:
    """Read some lines turned by 180 degrees, keep what is better, and say where it was."""
    better = set()
    for index, reading in zip(indices, networks.read([lines[at][::-1, ::-1] for at in indices]), strict=True):
        if reading.score > readings[index].score:
            readings[index] = reading
            better.add(index)
    return better
