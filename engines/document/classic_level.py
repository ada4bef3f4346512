"""Pages that lie askew, on their side or on their head: turned level before their layout is looked at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.document.classic_lines import Line, is_wide
from engines.document.types import Box
from engines.types import TextLine

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]

# A page that lies askew by less is left as it is, degrees.
NOTICEABLE: Final = 0.4
# Width of a letter that is not Chinese, in sizes of the letters, and how much wider a line may be set.
HALF: Final = 0.5
LOOSE: Final = 1.3


@dataclass(frozen=True, slots=True, eq=False)
class Turned:
    """A page as it is read.

    Attributes:
        pixels: uint8 [h, w, 3] RGB, level.
        lines: in its pixels.
        back: float64 [2, 3], from its pixels to those of the picture; None where they are the same.
    """

    pixels: Pixels
    lines: list[Line]
    back: Floats | None = None

    def to_picture(self, box: Box, width: float, height: float) -> Box:
        """A box of the level page in pixels of the picture, whose size is given; the box around it where it turns."""
        if self.back is not None:
            box = _around(_apply(self.back, _corners(box)))
        left, top, right, bottom = box
        return max(0.0, left), max(0.0, top), min(width, right), min(height, bottom)


def turn_level(pixels: Pixels, found: Sequence[TextLine]) -> Turned:
    """Turn a page so that its lines are level.

    Args:
        pixels: uint8 [h, w, 3] RGB.
        found: lines that were read in it.
    """
    angle = slope(found)
    if abs(angle) < NOTICEABLE:
        return Turned(pixels, [_line(line, None) for line in found])
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    left, top, right, bottom = _around(_apply(matrix, _corners((0.0, 0.0, float(width), float(height)))))
    matrix[:, 2] -= (left, top)
    size = (math.ceil(right - left), math.ceil(bottom - top))
    level = cv2.warpAffine(pixels, matrix, size, borderMode=cv2.BORDER_CONSTANT, borderValue=(255, 255, 255))
    return Turned(level, [_line(line, matrix) for line in found], cv2.invertAffineTransform(matrix))


def slope(found: Sequence[TextLine]) -> float:
    """Degrees, clockwise as seen, by which the longer lines of a page rise against level; 0 where none is long."""
    quads = np.array([line.box for line in found], np.float64).reshape(-1, 4, 2)
    along = quads[:, 1] - quads[:, 0]
    lengths = np.linalg.norm(along, axis=1)
    heights = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    long = lengths > 4 * heights
    if not long.any():
        return 0.0
    # Angles are taken against the mean direction, so that none wraps around.
    mean = along[long].sum(0)
    base = math.atan2(mean[1], mean[0])
    angles = np.arctan2(along[long, 1], along[long, 0]) - base
    angles = (angles + math.pi) % (2 * math.pi) - math.pi
    order = np.argsort(angles)
    half = np.searchsorted(np.cumsum(lengths[long][order]), lengths[long].sum() / 2)
    return math.remainder(math.degrees(base + float(angles[order][half])), 360)


def _line(line: TextLine, matrix: Floats | None) -> Line:
    quad = np.array(line.box, np.float64)
    quad = quad if matrix is None else _apply(matrix, quad)
    box = _around(quad)
    # An initial makes a line's box higher than its letters are; their width tells it.
    widths = sum(1.0 if is_wide(mark) else HALF for mark in line.text)
    return Line(line.text, box, min(box[3] - box[1], LOOSE * (box[2] - box[0]) / max(widths, HALF)))


def _apply(matrix: Floats, points: Floats) -> Floats:
    moved: Floats = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def _corners(box: Box) -> Floats:
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def _around(points: Floats) -> Box:
    (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
    return left, top, right, bottom
