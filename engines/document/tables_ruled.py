"""Tables that are drawn with rules: the rules are the grid, and no network sees them better."""

from dataclasses import replace
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.document.tables import Cell
from engines.document.types import Box

Pixels = NDArray[np.uint8]
Mask = NDArray[np.uint8]

# A rule is at least so long, as a part of the page's longer side, and at most so thick.
SHORTEST: Final = 1 / 80
THICKEST: Final = 1 / 200
# Rules this near to each other are one, as a part of the page's longer side.
MERGED: Final = 1 / 250
# A side of a cell is there if this part of it is drawn.
DRAWN: Final = 0.6
# A rule is so much darker than what is beside it, of 255.
CONTRAST: Final = 24
# Rules of a page with a longer side than this are followed at half their size, pixels.
LARGE: Final = 1600

WHITE: Final = np.uint8(255)
BLACK: Final = np.uint8(0)


def find_ruled_tables(pixels: Pixels) -> list[tuple[Box, list[Cell]]]:
    """Tables all of whose cells are drawn, from top to bottom.

    Args:
        pixels: uint8 [h, w, 3] RGB, a page that is not skewed.

    Returns:
        The table's box and its cells, in pixels of the picture. Tables of fewer than two rows and two columns are
        left out.
    """
    step = 2 if max(pixels.shape[:2]) >= LARGE else 1
    level, upright = (_shrink(mask, step) for mask in _rules(pixels))
    side = max(level.shape)
    # Strokes of letters are as long as short rules, but a rule goes from one rule to another.
    upright = _anchored(upright, level, 0)
    level = _anchored(level, upright, 1)
    upright = _anchored(upright, level, 0)
    both = cv2.dilate(level | upright, np.ones((3, 3), np.uint8))
    count, _, statistics, _ = cv2.connectedComponentsWithStats(both, connectivity=8)
    found = []
    for left, top, width, height, _ in statistics[1:count].tolist():
        if width < 4 * SHORTEST * side or height < 1.5 * SHORTEST * side:
            continue
        window = (slice(top, top + height), slice(left, left + width))
        cells = read_grid(level[window], upright[window], round(MERGED * side) + 1)
        if cells:
            placed = [replace(cell, box=_place(cell.box, left, top, step)) for cell in cells]
            found.append((_place((0.0, 0.0, float(width), float(height)), left, top, step), placed))
    return sorted(found, key=lambda table: table[0][1])


def read_grid(level: Mask, upright: Mask, near: int) -> list[Cell]:
    """The cells of one table.

    Args:
        level: uint8 [h, w], not 0 where a level rule is.
        upright: likewise for upright rules.
        near: rules that are at most so many pixels apart are one.

    Returns:
        Cells row by row; where a rule is missing between two, they are one that spans both. Empty where the rules make
        no grid.
    """
    ys, xs = _places(level, 1, near), _places(upright, 0, near)
    rows, columns = len(ys) - 1, len(xs) - 1
    if rows < 2 or columns < 2:
        return []
    walls = np.array([[_drawn(upright, ys[r], ys[r + 1], x, near, 0) for x in xs] for r in range(rows)])
    floors = np.array([[_drawn(level, xs[c], xs[c + 1], y, near, 1) for c in range(columns)] for y in ys])
    cells: list[Cell] = []
    taken = np.zeros((rows, columns), bool)
    for row in range(rows):
        for column in range(columns):
            if not taken[row, column]:
                down, right = _extent(row, column, walls, floors)
                taken[row : row + down, column : column + right] = True
                box = (float(xs[column]), float(ys[row]), float(xs[column + right]), float(ys[row + down]))
                cells.append(Cell(row, column, down, right, box))
    return cells if len(cells) >= max(4, (rows + columns) // 2) else []


def _extent(row: int, column: int, walls: NDArray[np.bool_], floors: NDArray[np.bool_]) -> tuple[int, int]:
    """How many rows and columns a cell spans: as far as no rule stops it."""
    right = 1
    while column + right < floors.shape[1] and not walls[row, column + right]:
        right += 1
    down = 1
    while row + down < walls.shape[0] and not floors[row + down, column : column + right].any():
        down += 1
    return down, right


def _rules(pixels: Pixels) -> tuple[Mask, Mask]:
    """Masks of level and of upright rules, uint8 [h, w], 0 or 255."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    # Rules are thin and often pale: what counts is that they are darker or lighter than what is right beside them.
    span = round(THICKEST * max(gray.shape)) | 1
    across = [cv2.morphologyEx(gray, cv2.MORPH_BLACKHAT, np.ones(shape, np.uint8)) for shape in ((span, 1), (1, span))]
    length = round(SHORTEST * max(gray.shape))
    masks = []
    for dark, shape in zip(across, ((1, length), (length, 1)), strict=True):
        binary = np.where(dark >= CONTRAST, WHITE, BLACK)
        masks.append(cv2.morphologyEx(binary, cv2.MORPH_OPEN, np.ones(shape, np.uint8)))
    return masks[0], masks[1]


def _anchored(mask: Mask, others: Mask, axis: int) -> Mask:
    """Those rules of a mask that have both ends on rules of the other one; `axis` is 1 for level rules."""
    near = round(MERGED * max(mask.shape)) + 1
    ends = cv2.dilate(others, np.ones((2 * near + 1, 2 * near + 1), np.uint8)) > 0
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    kept = np.zeros(len(statistics), bool)
    for label, (left, top, width, height, _) in enumerate(statistics.tolist()[1:], start=1):
        if axis:
            middle = top + height // 2
            kept[label] = ends[middle, left] and ends[middle, left + width - 1]
        else:
            middle = left + width // 2
            kept[label] = ends[top, middle] and ends[top + height - 1, middle]
    return np.where(kept[labels], mask, BLACK)


def _places(mask: Mask, axis: int, near: int) -> list[int]:
    """Coordinates of rules across an axis: where together at least a tenth of the way is drawn."""
    drawn = (mask > 0).sum(axis)
    at = np.flatnonzero(drawn >= max(8, mask.shape[axis] * 0.05))
    if not len(at):
        return []
    groups = np.split(at, np.flatnonzero(np.diff(at) > near) + 1)
    places = [int(np.average(group, weights=drawn[group]).round()) for group in groups]
    return [places[0], *(later for earlier, later in pairwise(places) if later - earlier > near)]


def _drawn(mask: Mask, start: int, end: int, at: int, near: int, axis: int) -> bool:
    """Whether a rule is there between two crossings."""
    inset = min(near, (end - start) // 4)
    first, last = max(0, at - near), at + near + 1
    strip = (
        mask[start + inset : end - inset, first:last] if axis == 0 else mask[first:last, start + inset : end - inset]
    )
    return bool(strip.size) and float((strip > 0).any(1 - axis).mean()) >= DRAWN


def _shrink(mask: Mask, step: int) -> Mask:
    """A mask at a part of its size in which nothing is lost that was drawn."""
    return np.where(cv2.resize(mask, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA) > 0, WHITE, BLACK)


def _place(box: Box, left: float, top: float, step: int) -> Box:
    """From pixels of a table in the shrunk masks to pixels of the picture."""
    return (box[0] + left) * step, (box[1] + top) * step, (box[2] + left) * step, (box[3] + top) * step
