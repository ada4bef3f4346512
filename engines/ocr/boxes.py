"""Probability map -> text boxes: the post-processing of Differentiable Binarization (Liao et al., AAAI 2020)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Quad = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BoxOptions:
    """Thresholds of the post-processing.

    Attributes:
        threshold: probability above which a pixel is text.
        box_threshold: mean probability inside a box below which it is dropped.
        unclip: how far a box grows: by area * unclip / perimeter on every side, since the network learns shrunk text.
        min_side: shorter side in map pixels below which a box is noise, before it grows.
        max_boxes: contours looked at, the largest number of lines in a picture.
    """

    threshold: float = 0.3
    box_threshold: float = 0.5
    unclip: float = 1.6
    min_side: float = 3.0
    max_boxes: int = 3000


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Where a line of text is.

    Attributes:
        quad: float32 [4, 2], corners clockwise from the top left.
        score: mean text probability inside, 0..1.
    """

    quad: Quad
    score: float


def find_regions(probability: NDArray[np.float32], options: BoxOptions) -> list[Region]:
    """Boxes of the text in a probability map.

    Args:
        probability: float32 [h, w], 0..1.
        options: thresholds.

    Returns:
        Regions in map pixels, in no order, possibly reaching a little outside the map.
    """
    bitmap = (probability > options.threshold).astype(np.uint8)
    contours, _ = cv2.findContours(bitmap, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    regions = []
    for contour in contours[: options.max_boxes]:
        center, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < options.min_side:
            continue
        score = _mean_inside(probability, cv2.boxPoints((center, (width, height), angle)))
        if score < options.box_threshold:
            continue
        grow = width * height * options.unclip / (width + height)
        grown = cv2.boxPoints((center, (width + grow, height + grow), angle))
        regions.append(Region(order_corners(grown), score))
    return regions


def order_corners(corners: Quad) -> Quad:
    """Corners of a rectangle, float32 [4, 2], clockwise from the top left."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left = by_x[:2][np.argsort(by_x[:2, 1], kind="stable")]
    right = by_x[2:][np.argsort(by_x[2:, 1], kind="stable")]
    return np.array([left[0], right[0], right[1], left[1]], np.float32)


def _mean_inside(probability: NDArray[np.float32], corners: Quad) -> float:
    height, width = probability.shape
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    left, right = int(np.clip(left, 0, width - 1)), int(np.clip(right, 0, width - 1))
    top, bottom = int(np.clip(top, 0, height - 1)), int(np.clip(bottom, 0, height - 1))
    mask = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(probability[top : bottom + 1, left : right + 1], mask)[0])
