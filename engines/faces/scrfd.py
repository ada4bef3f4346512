"""SCRFD: a picture -> boxes, scores and five key points of faces.

The network sees a square; its outputs are nine arrays (scores, box distances, key points at the strides 8, 16 and 32),
with two anchors at every place of the grid. Scores are probabilities already. Source: Guo et al., "Sample and
Computation Redistribution for Efficient Face Detection", and the shapes of InsightFace's exports.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelMissing
from engines.runtime import Session

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIDE: Final = 640
STRIDES: Final = (8, 16, 32)
ANCHORS: Final = 2
OVERLAP: Final = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Faces, best first.

    Attributes:
        boxes: float32 [n, 4], x1 y1 x2 y2 in pixels of the picture.
        scores: float32 [n], 0..1.
        points: float32 [n, 5, 2]: left eye, right eye, nose, left and right corner of the mouth.
    """

    boxes: Floats
    scores: Floats
    points: Floats


def find(session: Session, pixels: Pixels, min_score: float) -> Found:
    """Faces of a picture, uint8 [h, w, 3] RGB.

    A face that fills the picture is missed as it is, so a picture without any is looked at again with a margin.
    """
    found = _look(session, pixels, min_score, 0.0)
    return found if len(found.scores) else _look(session, pixels, min_score, 0.5)


def _look(session: Session, pixels: Pixels, min_score: float, margin: float) -> Found:
    square, scale, offset = letterbox(pixels, margin)
    blob = np.ascontiguousarray(((square.astype(np.float32) - 127.5) / 128.0).transpose(2, 0, 1)[None])
    found = decode(session.run({next(iter(session.inputs)): blob}), min_score)
    shift = np.array(offset, np.float32)
    boxes = (found.boxes.reshape(-1, 2, 2) - shift) / scale
    return Found(boxes.reshape(-1, 4), found.scores, (found.points - shift) / scale)


def letterbox(pixels: Pixels, margin: float) -> tuple[Pixels, float, tuple[int, int]]:
    """The picture inside a black square of SIDE pixels, how much smaller it is there, and where its corner lies.

    Args:
        margin: around the picture on each side, as a part of its longer side.
    """
    height, width = pixels.shape[:2]
    scale = SIDE / (max(height, width) * (1 + 2 * margin))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2) if margin else (0, 0)
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[top : top + size[1], left : left + size[0]] = small
    return square, scale, (left, top)


def decode(outputs: list[Floats], min_score: float) -> Found:
    """Faces from the network's outputs, in pixels of the square.

    Raises:
        ModelMissing: the outputs are not those of SCRFD with key points.
    """
    if len(outputs) != 3 * len(STRIDES):
        raise ModelMissing(f"a face detector with {len(outputs)} outputs is none of SCRFD with key points")
    boxes, scores, points = [], [], []
    for level, stride in enumerate(STRIDES):
        score, box, point = (outputs[level + len(STRIDES) * part] for part in range(3))
        score = score.reshape(-1)
        kept = np.flatnonzero(score >= min_score)
        centres = _centres(stride)[kept]
        reach = box.reshape(-1, 4)[kept] * stride
        boxes.append(np.concatenate([centres - reach[:, :2], centres + reach[:, 2:]], axis=1))
        points.append(centres[:, None] + point.reshape(-1, 5, 2)[kept] * stride)
        scores.append(score[kept])
    all_boxes, all_scores, all_points = np.concatenate(boxes), np.concatenate(scores), np.concatenate(points)
    order = suppress(all_boxes, all_scores)
    return Found(all_boxes[order], all_scores[order], all_points[order])


def suppress(boxes: Floats, scores: Floats) -> list[int]:
    """Indices of the best boxes, best first, without those that overlap a better one by more than OVERLAP."""
    areas = np.maximum(0, boxes[:, 2] - boxes[:, 0]) * np.maximum(0, boxes[:, 3] - boxes[:, 1])
    left = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(left):
        best, rest = int(left[0]), left[1:]
        kept.append(best)
        near = np.maximum(boxes[best, :2], boxes[rest, :2])
        far = np.minimum(boxes[best, 2:], boxes[rest, 2:])
        shared = np.prod(np.maximum(0, far - near), axis=1)
        left = rest[shared <= OVERLAP * (areas[best] + areas[rest] - shared)]
    return kept


def _centres(stride: int) -> Floats:
    """float32 [n, 2]: where the anchors of a stride stand, two at every place."""
    steps = np.arange(SIDE // stride, dtype=np.float32) * stride
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return np.repeat(grid, ANCHORS, axis=0)
