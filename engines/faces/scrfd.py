"""SCRFD: a picture -> boxes, scores and five key points of faces.

The network sees a square, or where its input is free no more of it than the picture fills. Its outputs are nine arrays
(scores, box distances, key points at the strides 8, 16 and 32), with two anchors at every place of the grid. Scores are
probabilities already.
Source: Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", and the shapes of
InsightFace's exports.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelMissing
from engines.pixels import resize
from engines.runtime import Session

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIDE: Final = 640
STRIDES: Final = (8, 16, 32)
ANCHORS: Final = 2
OVERLAP: Final = 0.4

MARGIN: Final = 0.5
"""Of the second look, on each side, as a part of the picture's longer side."""
MARGIN_SIDE: Final = 256
"""What the second look sees: its faces are large, and this costs a sixth of 640 and finds as many."""
LARGE: Final = 0.25
"""Of the picture's longer side; large faces that are less certain than SURE are looked at again."""
SURE: Final = 0.7
FLOOR: Final = 0.5
"""Looked for at least, so that a second look does not hang on what the caller wants to hear of."""

_HINT: Final = "darkroom models pull buffalo_l, and FACE_DETECTION_MODEL_NAME=buffalo_l"


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


def check(session: Session) -> None:
    """Refuse what cannot be read here.

    Raises:
        ModelMissing: the outputs are not those of SCRFD with key points.
    """
    count = len(session.outputs)
    if count == 2 * len(STRIDES):
        raise ModelMissing("the face detector gives no key points, and faces are aligned by them", hint=_HINT)
    if count != 3 * len(STRIDES):
        raise ModelMissing(f"a face detector with {count} outputs is none of SCRFD with key points", hint=_HINT)


def find(session: Session, pixels: Pixels, min_score: float, square: bool = False) -> Found:
    """Faces of a picture, uint8 [h, w, 3] RGB; `square` fills it up to one shape, for what compiles every shape anew.

    A face that fills the picture is missed or doubted as it is. So a picture without any face, or with a large one of
    which the network is not sure, is looked at again with a margin around it.
    """
    floor = min(min_score, FLOOR)
    found = _look(session, pixels, floor, SIDE, 0.0, square)
    if _is_doubtful(found, max(pixels.shape[:2])):
        found = _merge(found, _look(session, pixels, floor, MARGIN_SIDE, MARGIN, square))
    count = int(np.count_nonzero(found.scores >= min_score))
    return Found(found.boxes[:count], found.scores[:count], found.points[:count])


def _is_doubtful(found: Found, longest: int) -> bool:
    large = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1, initial=0) >= LARGE * longest
    return not len(found.scores) or bool((large & (found.scores < SURE)).any())


def _merge(first: Found, second: Found) -> Found:
    boxes = np.concatenate([first.boxes, second.boxes])
    scores = np.concatenate([first.scores, second.scores])
    order = suppress(boxes, scores)
    return Found(boxes[order], scores[order], np.concatenate([first.points, second.points])[order])


def _look(session: Session, pixels: Pixels, min_score: float, side: int, margin: float, square: bool) -> Found:
    name, shape = next(iter(session.inputs.items()))
    ground, scale, offset = letterbox(pixels, shape[2] or side, margin, square or shape[2] is not None)
    blob = cv2.dnn.blobFromImage(ground, 1 / 128, mean=(127.5, 127.5, 127.5))
    found = decode(session.run({name: blob}), ground.shape[:2], min_score)
    shift = np.array(offset, np.float32)
    boxes = (found.boxes.reshape(-1, 2, 2) - shift) / scale
    return Found(boxes.reshape(-1, 4), found.scores, (found.points - shift) / scale)


def letterbox(pixels: Pixels, side: int, margin: float, square: bool = True) -> tuple[Pixels, float, tuple[int, int]]:
    """The picture on black, how much smaller it is there, and where its corner lies.

    Args:
        pixels: uint8 [h, w, 3] RGB.
        side: longer side of what is seen, pixels.
        margin: around the picture on each side, as a part of its longer side.
        square: fill up to a square; else only to the network's coarsest stride.
    """
    height, width = pixels.shape[:2]
    scale = side / (max(height, width) * (1 + 2 * margin))
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    around = round(2 * margin * max(height, width) * scale)
    seen = (side, side) if square else (_to_stride(down + around), _to_stride(across + around))
    left, top = ((seen[1] - across) // 2, (seen[0] - down) // 2) if margin else (0, 0)
    ground = np.zeros((*seen, 3), np.uint8)
    ground[top : top + down, left : left + across] = resize(pixels, across, down)
    return ground, scale, (left, top)


def decode(outputs: list[Floats], seen: tuple[int, ...], min_score: float) -> Found:
    """Faces from the network's outputs, in pixels of what it has seen.

    Args:
        outputs: float32 [.., n, 1 or 4 or 10] a kind and stride: scores, distances to the sides, key points.
        seen: its height and width, pixels.
        min_score: anchors below it are left out.
    """
    boxes, scores, points = [], [], []
    for level, stride in enumerate(STRIDES):
        score, box, point = (outputs[level + len(STRIDES) * part] for part in range(3))
        score = score.reshape(-1)
        kept = np.flatnonzero(score >= min_score)
        centres = _centres(kept, seen[1] // stride, stride)
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


def _centres(anchors: NDArray[np.intp], columns: int, stride: int) -> Floats:
    """float32 [n, 2]: where anchors stand, of which there are two at every place of a grid of so many columns."""
    rows, column = np.divmod(anchors // ANCHORS, columns)
    return (np.stack([column, rows], axis=-1) * stride).astype(np.float32)


def _to_stride(length: int) -> int:
    return -(-length // STRIDES[-1]) * STRIDES[-1]
