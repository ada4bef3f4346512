"""Cut a line of text out of a picture and lay it flat."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.ocr.boxes import Quad

Pixels = NDArray[np.uint8]

# A box taller than this many widths holds text that runs downwards, and is turned.
TALL = 1.5
# Rise over the length of the line, in line heights, that a slice along the axes may hide.
LEVEL = 0.08


def crop_line(pixels: Pixels, quad: Quad) -> Pixels:
    """The inside of a quad, uint8 [h, w, 3]; text that runs downwards is turned to lie.

    Args:
        pixels: uint8 [h, w, 3], the picture.
        quad: float32 [4, 2], clockwise from the top left.
    """
    line = _slice(pixels, quad) if is_level(quad) else _warp(pixels, quad)
    return np.rot90(line) if line.shape[0] >= TALL * line.shape[1] else line


def is_level(quad: Quad) -> bool:
    """Whether a slice along the axes shows the line as well as turning it would."""
    top, right = np.abs(quad[1] - quad[0]), np.abs(quad[2] - quad[1])
    short = max(1.0, min(float(top[0]), float(right[1])))
    return float(max(top[1], right[0])) <= LEVEL * short


def _slice(pixels: Pixels, quad: Quad) -> Pixels:
    height, width = pixels.shape[:2]
    left, top = np.floor(quad.min(axis=0)).astype(int)
    right, bottom = np.ceil(quad.max(axis=0)).astype(int)
    left, top = min(max(0, int(left)), width - 1), min(max(0, int(top)), height - 1)
    return pixels[top : max(top + 1, int(bottom)), left : max(left + 1, int(right))]


def _warp(pixels: Pixels, quad: Quad) -> Pixels:
    width = max(1, round(float(max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[3])))))
    height = max(1, round(float(max(np.linalg.norm(quad[3] - quad[0]), np.linalg.norm(quad[2] - quad[1])))))
    # Only what is around the line is touched: OpenCV cannot address very large pictures here.
    origin = np.floor(quad.min(axis=0)).astype(int) - 2
    left, top = max(0, int(origin[0])), max(0, int(origin[1]))
    right, bottom = (np.ceil(quad.max(axis=0)).astype(int) + 2).tolist()
    around = np.ascontiguousarray(pixels[top:bottom, left:right])
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad - np.array([left, top], np.float32), target)
    flat: Pixels = cv2.warpPerspective(
        around, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return flat
