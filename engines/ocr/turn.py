"""Pages that lie on their side or stand on their head, with no EXIF to say so."""

from collections.abc import Sequence

import numpy as np

from engines.ocr.boxes import Quad, Region, order_corners
from engines.ocr.crop import TALL

# With fewer lines the shape of the boxes says nothing about the page.
FEWEST_LINES = 4


def runs_down(regions: Sequence[Region]) -> bool:
    """Whether most of the text, by length of the lines, runs from top to bottom or back."""
    if len(regions) < FEWEST_LINES:
        return False
    sizes = np.array([(_width(region.quad), _height(region.quad)) for region in regions])
    lengths = sizes.max(axis=1)
    return float(lengths[sizes[:, 1] >= TALL * sizes[:, 0]].sum()) > 0.6 * float(lengths.sum())


def stands_on_head(letters: Sequence[int], flipped: Sequence[bool]) -> bool:
    """Whether most letters were read from lines that had to be turned by 180 degrees."""
    on_head = sum(count for count, head in zip(letters, flipped, strict=True) if head)
    return sum(flipped) >= FEWEST_LINES and on_head > 0.5 * sum(letters)


def turn_quad(quad: Quad, width: int, height: int, quarters: int) -> Quad:
    """A quad as it lies in `numpy.rot90(picture, quarters)`, the corners in their old order.

    Args:
        quad: float32 [4, 2], x and y in pixels.
        width: of the picture before it is turned.
        height: of the picture before it is turned.
        quarters: quarter turns to the left; negative ones go back.
    """
    for _ in range(quarters % 4):
        quad = np.stack([quad[:, 1], width - quad[:, 0]], axis=1)
        width, height = height, width
    return quad


def turn_quads(quads: Sequence[Quad], width: int, height: int, quarters: int) -> list[Quad]:
    """As `turn_quad`, the corners of each clockwise from the new top left."""
    return [order_corners(turn_quad(quad, width, height, quarters)) for quad in quads]


def _width(quad: Quad) -> float:
    return float(np.linalg.norm(quad[1] - quad[0]))


def _height(quad: Quad) -> float:
    return float(np.linalg.norm(quad[3] - quad[0]))
