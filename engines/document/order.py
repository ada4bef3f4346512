"""Reading order of blocks: a recursive cut along the white between them (XY-cut).

Columns come before rows: where a vertical line parts the blocks, everything left of it is read first. Where none
does, because a heading runs across, the page falls into bands, and neighbouring bands that share columns stay together.
"""

from collections.abc import Sequence
from typing import Final

from engines.document.types import Box

# Blocks may reach into each other by this part of the smaller one and still be cut apart.
OVERLAP: Final = 0.15
# A row of things side by side is read as a row, not as columns, while none of them is higher than so many lines.
ROW_LINES: Final = 1.8

_X: Final = 0
_Y: Final = 1


def reading_order(boxes: Sequence[Box], line_height: float) -> list[int]:
    """Indices of boxes in reading order.

    Args:
        boxes: x1, y1, x2, y2 each, pixels.
        line_height: of the page's text, pixels.
    """
    return _cut(list(range(len(boxes))), boxes, line_height)


def _cut(members: list[int], boxes: Sequence[Box], line_height: float) -> list[int]:
    if len(members) < 2:
        return members
    columns = _columns(members, boxes, line_height)
    if len(columns) > 1:
        return [index for column in columns for index in _cut(column, boxes, line_height)]
    bands = _merge_bands(_parts(members, boxes, _Y), boxes, line_height)
    if len(bands) > 1:
        return [index for band in bands for index in _cut(band, boxes, line_height)]
    side_by_side = _parts(members, boxes, _X)
    if len(side_by_side) > 1:
        return [index for part in side_by_side for index in _cut(part, boxes, line_height)]
    return sorted(members, key=lambda index: (boxes[index][1], boxes[index][0]))


def _columns(members: list[int], boxes: Sequence[Box], line_height: float) -> list[list[int]]:
    """Parts from left to right, if they are columns of text; else all in one."""
    parts = _parts(members, boxes, _X)
    if len(parts) == 1 or not all(_height(part, boxes) > ROW_LINES * line_height for part in parts):
        return [members]
    rows = _parts(members, boxes, _Y)
    flat = sum(_height(row, boxes) <= ROW_LINES * line_height for row in rows)
    return [members] if flat == len(rows) and all(len(row) > 1 for row in rows) else parts


def _merge_bands(bands: list[list[int]], boxes: Sequence[Box], line_height: float) -> list[list[int]]:
    """Neighbouring bands joined for as long as they have columns in common."""
    merged: list[list[int]] = []
    for band in bands:
        together = merged[-1] + band if merged else band
        if merged and len(_columns(together, boxes, line_height)) > 1:
            merged[-1] = together
        else:
            merged.append(band)
    return merged


def _parts(members: list[int], boxes: Sequence[Box], axis: int) -> list[list[int]]:
    """Members cut apart wherever nothing lies across, in the order of the axis."""
    parts: list[list[int]] = []
    reach = 0.0
    for index in sorted(members, key=lambda member: boxes[member][axis]):
        start, end = boxes[index][axis], boxes[index][axis + 2]
        slack = OVERLAP * min(end - start, _last_length(parts, boxes, axis, end - start))
        if parts and start < reach - slack:
            parts[-1].append(index)
            reach = max(reach, end)
        else:
            parts.append([index])
            reach = end
    return parts


def _last_length(parts: list[list[int]], boxes: Sequence[Box], axis: int, default: float) -> float:
    if not parts:
        return default
    return min(boxes[index][axis + 2] - boxes[index][axis] for index in parts[-1])


def _height(members: list[int], boxes: Sequence[Box]) -> float:
    return max(boxes[index][3] for index in members) - min(boxes[index][1] for index in members)
