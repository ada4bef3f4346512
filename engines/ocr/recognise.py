"""The text recogniser: flat lines -> text, sorted by width so that padding is hardly computed."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.ocr.ctc import CtcDecoder, Reading
from engines.runtime import Session

Pixels = NDArray[np.uint8]

HEIGHT = 48
STATIC_WIDTHS = (160, 320, 640, 1280, 2560)


@dataclass(frozen=True, slots=True)
class RecogniseOptions:
    """How lines meet in batches.

    Attributes:
        width_step: a batch's width is a multiple of it, pixels.
        min_width: narrowest input, pixels.
        max_width: widest input; longer lines are squeezed, pixels.
        most_lines: of one batch.
        batch_width: sum of the widths in one batch, pixels: bounds memory, and shares lines between cores.
        static_widths: only the widths of `STATIC_WIDTHS`, and only powers of two as numbers of lines.
    """

    width_step: int = 16
    min_width: int = 64
    max_width: int = 2560
    most_lines: int = 1024
    batch_width: int = 640
    static_widths: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that are read in one call: their places in the list they came from, and the width of the input."""

    indices: tuple[int, ...]
    width: int


def plan(lines: Sequence[Pixels], options: RecogniseOptions) -> list[Batch]:
    """Sort lines by their width at the network's height and fill batches, widest first."""
    widths = [natural_width(line, options) for line in lines]
    order = sorted(range(len(lines)), key=lambda index: -widths[index])
    return list(_fill(order, widths, options))


def _fill(order: list[int], widths: list[int], options: RecogniseOptions) -> Iterator[Batch]:
    start = 0
    while start < len(order):
        width = input_width(widths[order[start]], options)
        count = max(1, min(options.most_lines, options.batch_width // width))
        taken = order[start : start + count]
        # A line much narrower than the batch costs more as padding than as a call of its own.
        fits = [index for index in taken if input_width(widths[index], options) >= width * 0.9]
        yield Batch(tuple(fits), width)
        start += len(fits)


def natural_width(line: Pixels, options: RecogniseOptions) -> int:
    """Width of a line at the network's height, pixels."""
    width = math.ceil(HEIGHT * int(line.shape[1]) / int(line.shape[0]))
    return min(options.max_width, max(1, width))


def input_width(width: int, options: RecogniseOptions) -> int:
    """Width of the input that a line of this width gets, pixels."""
    if options.static_widths:
        return next((static for static in STATIC_WIDTHS if static >= width), STATIC_WIDTHS[-1])
    return max(options.min_width, math.ceil(width / options.width_step) * options.width_step)


def prepare(lines: Sequence[Pixels], batch: Batch, options: RecogniseOptions) -> NDArray[np.float32]:
    """Lines of a batch -> float32 [n, 3, 48, width] BGR in -1..1, padded with 0 on the right and below."""
    count = len(batch.indices)
    rows = 1 << (count - 1).bit_length() if options.static_widths else count
    blob = np.zeros((rows, 3, HEIGHT, batch.width), np.float32)
    for row, index in enumerate(batch.indices):
        line = lines[index]
        width = min(batch.width, natural_width(line, options))
        resized = cv2.resize(line, (width, HEIGHT), interpolation=cv2.INTER_LINEAR)
        for plane, channel in enumerate((2, 1, 0)):
            np.multiply(resized[..., channel], np.float32(1 / 127.5), out=blob[row, plane, :, :width])
        blob[row, :, :, :width] -= 1.0
    return blob


def recognise(
    session: Session, decoder: CtcDecoder, lines: Sequence[Pixels], batch: Batch, options: RecogniseOptions
) -> list[Reading]:
    """Read one batch: pre, run, post.

    Args:
        session: a PP-OCR recogniser, input float32 [n, 3, 48, w], output float32 [n, steps, classes].
        decoder: with the session's dictionary.
        lines: uint8 [h, w, 3] RGB each; all of them, the batch says which.
        batch: from `plan`.
        options: as for `plan`.

    Returns:
        One reading for each of the batch's indices.
    """
    name = next(iter(session.inputs))
    return decoder.decode(session.run({name: prepare(lines, batch, options)})[0][: len(batch.indices)])
