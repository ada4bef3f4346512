"""Reading order: top to bottom, and left to right inside a row."""

from collections.abc import Sequence

import numpy as np

from engines.ocr.boxes import Quad

# Two boxes stand in one row if they share this part of the lower one's height.
SHARED = 0.5
# A page counts as skewed if its longer lines rise by this part of a line's height, and by no more than this angle.
NOTICEABLE = 0.15
STEEPEST = 0.6


def reading_order(quads: Sequence[Quad]) -> list[int]:
    """Indices of boxes in reading order.

    Boxes are grouped into rows by how much of their height they share, on the page turned level by the
    slope of its longer lines; rows go from top to bottom, boxes in a row from left to right.

    Args:
        quads: float32 [4, 2] each, clockwise from the top left, pixels.
    """
    if not quads:
        return []
    turned = np.stack(quads) @ _level(np.stack(quads))
    tops, bottoms, lefts = turned[..., 1].min(1), turned[..., 1].max(1), turned[..., 0].min(1)
    rows: list[list[int]] = []
    for index in np.argsort((tops + bottoms) / 2, kind="stable").tolist():
        row = rows[-1] if rows else []
        if row and _shared(tops, bottoms, row[-1], index) >= SHARED:
            row.append(index)
        else:
            rows.append([index])
    return [index for row in rows for index in sorted(row, key=lambda member: float(lefts[member]))]


def _level(quads: np.ndarray) -> np.ndarray:
    """Matrix [2, 2] that turns points so that the longer lines are level; the identity where no slope can be told."""
    edges = quads[:, 1] - quads[:, 0]
    heights = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    lengths = np.linalg.norm(edges, axis=1)
    # Long lines know the slope best; a short one is a pixel off and says a degree.
    long = (lengths >= np.quantile(lengths, 0.75)) & (lengths > 3 * heights)
    angle = float(np.median(np.arctan2(edges[long, 1], edges[long, 0]))) if long.any() else 0.0
    rise = abs(angle) * float(np.median(lengths[long])) if long.any() else 0.0
    if rise < NOTICEABLE * float(np.median(heights)) or abs(angle) > STEEPEST:
        angle = 0.0
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin], [sin, cos]], np.float32)


def _shared(tops: np.ndarray, bottoms: np.ndarray, first: int, second: int) -> float:
    shared = min(bottoms[first], bottoms[second]) - max(tops[first], tops[second])
    height = min(bottoms[first] - tops[first], bottoms[second] - tops[second])
    return float(shared / max(height, 1e-6))
