"""The text detector: picture -> probability map -> regions in the picture's pixels.

The picture is shrunk to a longer side of `OCR_DET_SIDE`. A long strip, such as a till receipt or a screenshot of a
whole page, would be illegible then; it keeps a readable shorter side and is looked at in overlapping tiles.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engines.ocr.boxes import BoxOptions, Region, find_regions
from engines.pixels import resize as shrink
from engines.runtime import Session

Pixels = NDArray[np.uint8]

STRIDE = 32
# A GPU compiles every shape anew: it sees few of them.
GPU_BUCKET = 160
# Pixels of the map on either side of a cut that come from the tile which sees what is beyond the cut.
OVERLAP = 96


@dataclass(frozen=True, slots=True)
class DetectOptions:
    """How the detector looks at a picture.

    Attributes:
        side: longer side of what the network sees, pixels.
        min_short: shorter side that a long strip keeps, pixels, as far as the picture has it.
        max_scale: how much a small picture is enlarged at most.
        bucket: both sides of what the network sees are filled up to multiples of it, pixels; itself one of `STRIDE`.
        mean: of each channel, RGB, in 0..1.
        std: of each channel, RGB, in 0..1.
        boxes: thresholds of the post-processing.
    """

    side: int = 960
    min_short: int = 640
    max_scale: float = 1.0
    bucket: int = STRIDE
    mean: tuple[float, float, float] = (0.406, 0.456, 0.485)
    std: tuple[float, float, float] = (0.225, 0.224, 0.229)
    boxes: BoxOptions = field(default_factory=BoxOptions)


def detect(session: Session, pixels: Pixels, options: DetectOptions) -> list[Region]:
    """Find the lines of text in a picture.

    Args:
        session: a DB detector, input float32 [1, 3, h, w], output float32 [1, 1, h, w].
        pixels: uint8 [h, w, 3] RGB.
        options: how to look.

    Returns:
        Regions in pixels of the picture, in no order.
    """
    resized = resize(pixels, options)
    probability = np.empty(resized.shape[:2], np.float32)
    name = next(iter(session.inputs))
    for tile in tiles(resized.shape[0], resized.shape[1], options.side):
        part = session.run({name: fill_up(normalise(resized[tile.seen], options), options.bucket)})[0][0, 0]
        probability[tile.kept] = part[tile.inner]
    regions = find_regions(probability, options.boxes)
    return scale_regions(regions, probability.shape, pixels.shape)


def target_size(height: int, width: int, options: DetectOptions) -> tuple[int, int]:
    """Height and width that the network sees, multiples of its stride."""
    long, short = max(height, width), min(height, width)
    scale = max(options.side / long, min(1.0, options.min_short / short) if long > 2 * short else 0.0)
    scale = min(scale, options.max_scale)
    return _to_stride(height * scale), _to_stride(width * scale)


def resize(pixels: Pixels, options: DetectOptions) -> Pixels:
    """The picture at the size that the network sees, uint8 [h, w, 3], h and w multiples of 32."""
    height, width = target_size(pixels.shape[0], pixels.shape[1], options)
    return shrink(pixels, width, height)


def normalise(pixels: Pixels, options: DetectOptions) -> NDArray[np.float32]:
    """uint8 [h, w, 3] RGB -> float32 [1, 3, h, w] BGR, zero mean, unit deviation."""
    blob = np.empty((1, 3, *pixels.shape[:2]), np.float32)
    for plane, channel in enumerate((2, 1, 0)):
        factor = np.float32(1.0 / (255.0 * options.std[channel]))
        np.multiply(pixels[..., channel], factor, out=blob[0, plane])
        blob[0, plane] -= np.float32(options.mean[channel] / options.std[channel])
    return blob


def fill_up(blob: NDArray[np.float32], bucket: int) -> NDArray[np.float32]:
    """Add the mean colour on the right and below until both sides are multiples of `bucket`; float32 [1, 3, h, w].

    Repeating the edge instead lost half a percent of the words of labelled receipts.
    """
    height, width = blob.shape[2:]
    if height % bucket == width % bucket == 0:
        return blob
    return np.pad(blob, ((0, 0), (0, 0), (0, -height % bucket), (0, -width % bucket)))


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a long picture: what the network sees, what of it is kept, and where that lies in what it sees."""

    seen: tuple[slice, slice]
    kept: tuple[slice, slice]
    inner: tuple[slice, slice]


def tiles(height: int, width: int, side: int) -> Iterator[Tile]:
    """Cut a picture whose longer side is far over `side` into overlapping tiles; one tile for all others."""
    long, across = max(height, width), min(height, width)
    step = max(STRIDE * 4, _to_stride(side * side / max(across, 1))) if long > side else long
    count = 1 if long <= step * 1.5 else math.ceil(long / step)
    bounds = [_floor_stride(long * index / count) for index in range(count)] + [long]
    for start, end in pairwise(bounds):
        first, last = max(0, start - OVERLAP), min(long, end + OVERLAP)
        along = (slice(first, last), slice(start, end), slice(start - first, end - first))
        all_across = slice(0, across)
        pairs = [(part, all_across) if height >= width else (all_across, part) for part in along]
        yield Tile(*pairs)


def scale_regions(regions: list[Region], seen: tuple[int, ...], real: tuple[int, ...]) -> list[Region]:
    """Regions of the map -> regions of the picture, held inside it."""
    factor = np.array([real[1] / seen[1], real[0] / seen[0]], np.float32)
    limit = np.array([real[1], real[0]], np.float32)
    return [Region(np.clip(region.quad * factor, 0, limit), region.score) for region in regions]


def _to_stride(length: float) -> int:
    return max(STRIDE, round(length / STRIDE) * STRIDE)


def _floor_stride(length: float) -> int:
    return int(length // STRIDE) * STRIDE
