"""dlib's models: what finds faces where no model pack can be had.

A detector of gradients (HOG), five key points, and a network for a vector of 128. The models are in the public domain
(CC0) and come in a wheel, from which only the files are taken.
"""

import math
import threading
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.types import Face

Pixels = NDArray[np.uint8]

PACKAGE: Final = "face_recognition_models"
POINTS: Final = "models/shape_predictor_5_face_landmarks.dat"
RESNET: Final = "models/dlib_face_recognition_resnet_model_v1.dat"

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
    """dlib's three models, one call at a time: its objects are not made for threads."""

    def __init__(self, points: Path, resnet: Path) -> None:
        """Load them."""
        import dlib

        self._dlib: Any = dlib
        self._lock = threading.Lock()
        self._detector = dlib.get_frontal_face_detector()
        self._points = dlib.shape_predictor(str(points))
        self._resnet = dlib.face_recognition_model_v1(str(resnet))

    def find(self, pixels: Pixels, min_score: float) -> tuple[Face, ...]:
        """Faces of a picture, uint8 [h, w, 3] RGB, best first; the points are corners of eyes, and the nose."""
        longest = max(pixels.shape[:2])
        scale = min(1.0, LONGEST / longest)
        seen = pixels if scale == 1.0 else cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        seen = np.ascontiguousarray(seen)
        with self._lock:
            rectangles, scores, _ = self._detector.run(seen, int(longest <= SMALL), threshold(min_score))
            faces = [
                self._face(seen, rectangle, score, scale) for rectangle, score in zip(rectangles, scores, strict=True)
            ]
        return tuple(sorted((face for face in faces if face.score >= min_score), key=lambda face: -face.score))

    def close(self) -> None:
        """Nothing to give back: the models go with the object."""

    def _face(self, seen: Pixels, rectangle: Any, score: float, scale: float) -> Face:
        shape = self._points(seen, rectangle)
        vector = np.array(self._resnet.compute_face_descriptor(seen, shape), "<f4").tobytes()
        box = tuple(side / scale for side in (rectangle.left(), rectangle.top(), rectangle.right(), rectangle.bottom()))
        points = tuple((shape.part(i).x / scale, shape.part(i).y / scale) for i in range(shape.num_parts))
        return Face((box[0], box[1], box[2], box[3]), certainty(score), points, vector)
