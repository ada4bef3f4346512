"""The table structure network: picture of a table -> its rows and cells.

SLANet-plus writes the table as HTML tokens, one after the other, and a box of four corners for each cell. Source: the
`slanet-plus.onnx` of RapidTable. OpenVINO cannot convert its loop, so it always runs on onnxruntime.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.document.types import Box
from engines.runtime import Session

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIDE: Final = 488
MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
STD: Final = np.array([0.229, 0.224, 0.225], np.float32)
# The network's vocabulary, between a start and an end token; as its metadata have it.
TOKENS: Final = (
    "<thead>", "</thead>", "<tbody>", "</tbody>", "<tr>", "</tr>", "<td", ">", "</td>",
    *(f' colspan="{span}"' for span in range(2, 21)),
    *(f' rowspan="{span}"' for span in range(2, 21)),
    "<td></td>",
)  # fmt: skip
_END: Final = len(TOKENS) + 1
_SPAN: Final = re.compile(r' (col|row)span="(\d+)"')


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        row: of its upper left corner, from 0.
        column: of its upper left corner, from 0.
        rows: that it spans.
        columns: that it spans.
        box: in pixels of the picture that the table was found in.
    """

    row: int
    column: int
    rows: int
    columns: int
    box: Box


def find_cells(session: Session, pixels: Pixels) -> list[Cell]:
    """Read the structure of a table.

    Args:
        session: the network, input float32 [1, 3, 488, 488], outputs corners [1, steps, 8] and token probabilities
            [1, steps, 50].
        pixels: uint8 [h, w, 3] RGB, the table and little else.

    Returns:
        Cells row by row; boxes in pixels of the picture. Empty where the network sees no table.

    Raises:
        InferenceFailed: the runtime gave up on this picture.
    """
    corners, probabilities = session.run({next(iter(session.inputs)): prepare(pixels)})
    tokens: list[str] = []
    boxes: list[Box] = []
    # The corners are given as parts of the square that the picture was fitted into.
    factor = float(max(pixels.shape[:2]))
    for index, corner in zip(probabilities[0].argmax(-1).tolist(), corners[0], strict=True):
        if index == _END:
            break
        if index == 0:
            continue
        token = TOKENS[index - 1]
        tokens.append(token)
        if token in ("<td", "<td></td>"):
            boxes.append(_around(corner * factor))
    return place_cells(tokens, boxes)


def prepare(pixels: Pixels) -> Floats:
    """uint8 [h, w, 3] RGB -> float32 [1, 3, 488, 488], fitted into the upper left corner of a black square."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    # The network was trained on BGR pictures.
    resized = cv2.resize(pixels[..., ::-1], size, interpolation=cv2.INTER_LINEAR)
    square = np.zeros((SIDE, SIDE, 3), np.float32)
    square[: size[1], : size[0]] = (resized.astype(np.float32) / 255.0 - MEAN) / STD
    return np.ascontiguousarray(square.transpose(2, 0, 1)[None])


def place_cells(tokens: Sequence[str], boxes: Sequence[Box]) -> list[Cell]:
    """Give every cell its place in the grid, as a browser does.

    Args:
        tokens: of `TOKENS`.
        boxes: one for each `<td` and `<td></td>`.
    """
    cells: list[Cell] = []
    taken: set[tuple[int, int]] = set()
    row, spans = -1, {"row": 1, "col": 1}
    remaining = iter(boxes)

    def place() -> None:
        column = 0
        while (row, column) in taken:
            column += 1
        taken.update((row + down, column + right) for down in range(spans["row"]) for right in range(spans["col"]))
        cells.append(Cell(row, column, spans["row"], spans["col"], next(remaining)))

    for tag in tokens:
        if tag == "<tr>":
            row += 1
        elif tag in ("<td", "<td></td>"):
            spans = {"row": 1, "col": 1}
            row = max(row, 0)
        elif span := _SPAN.fullmatch(tag):
            spans[span[1]] = int(span[2])
        if tag in (">", "<td></td>"):
            place()
    return cells


def _around(corners: Floats) -> Box:
    xs, ys = corners[0::2], corners[1::2]
    return float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())
