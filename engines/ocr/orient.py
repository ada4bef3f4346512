"""The direction classifier: which lines stand on their head."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.runtime import Session

Pixels = NDArray[np.uint8]

HEIGHT, WIDTH = 48, 192
CERTAIN = 0.9


def upside_down(session: Session, lines: Sequence[Pixels]) -> list[bool]:
    """Whether each line stands on its head.

    Args:
        session: PP-OCR's text direction classifier, input float32 [n, 3, 48, 192], output [n, 2]: 0 and 180 degrees.
        lines: uint8 [h, w, 3] RGB each.
    """
    blob = np.zeros((len(lines), 3, HEIGHT, WIDTH), np.float32)
    for row, line in enumerate(lines):
        width = min(WIDTH, max(1, round(HEIGHT * line.shape[1] / line.shape[0])))
        resized = cv2.resize(line, (width, HEIGHT), interpolation=cv2.INTER_LINEAR)
        blob[row, :, :, :width] = resized[..., ::-1].transpose(2, 0, 1).astype(np.float32) / 127.5 - 1.0
    probabilities = session.run({next(iter(session.inputs)): blob})[0]
    return [bool(row[1] > CERTAIN) for row in probabilities]
