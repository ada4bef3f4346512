"""A face upright and in its place: five key points are laid on those of the picture that ArcFace was trained with."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Points = NDArray[np.float32]

SIDE: Final = 112
TEMPLATE: Final[Points] = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Left eye, right eye, nose and corners of the mouth in 112 x 112 pixels, as published with ArcFace."""


def align(pixels: Pixels, points: Points) -> Pixels:
    """The face as uint8 [112, 112, 3] RGB.

    Args:
        pixels: uint8 [h, w, 3] RGB.
        points: float32 [5, 2], in pixels.
    """
    face: Pixels = cv2.warpAffine(pixels, similarity(points, TEMPLATE), (SIDE, SIDE), flags=cv2.INTER_LINEAR)
    return face


def similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """The turn, scale and shift that lay points on others with least squares, float64 [2, 3]; nothing is mirrored.

    Source: Umeyama, "Least-squares estimation of transformation parameters between two point patterns" (1991).
    """
    a, b = source.astype(np.float64), target.astype(np.float64)
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    from_a, from_b = a - mean_a, b - mean_b
    u, spread, vt = np.linalg.svd(from_b.T @ from_a / len(a))
    signs = np.array([1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt)) or 1.0])
    turn = u @ np.diag(signs) @ vt
    variance = from_a.var(axis=0).sum()
    scale = float(spread @ signs) / variance if variance > 0 else 1.0
    return np.hstack([scale * turn, (mean_b - scale * turn @ mean_a)[:, None]])
