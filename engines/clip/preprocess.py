"""A picture -> what an image tower sees, as open_clip's evaluation transform makes it.

Source: open_clip `transform.py` (`image_transform_v2`) and Chinese-CLIP `utils.py` (`image_transform`): Pillow's
antialiased resize, crop or pad, scale to 0..1, normalise. A large picture is first reduced by a box filter, which
costs a fraction and leaves the vector what it is.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from engines.errors import ModelMissing
from engines.images import Image
from engines.pixels import halve

Pixels = NDArray[np.uint8]
Triple = tuple[float, float, float]
ResizeMode = Literal["shortest", "longest", "squash"]

OPENAI_MEAN: Triple = (0.48145466, 0.4578275, 0.40821073)
OPENAI_STD: Triple = (0.26862954, 0.26130258, 0.27577711)

# A picture may be scaled to this many times the target's side before it is resized: measured on photos with networks of
# random weights, more sensitive than trained ones, vectors keep a cosine of 0.9999 (at twice the side 0.9998).
ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a model wants its pictures.

    Attributes:
        side: of the square that the network sees, pixels.
        resize_mode: `shortest` side to the square's and crop the centre, `longest` side and pad, or `squash` both.
        bicubic: the resize's filter; else bilinear.
        mean: of each channel, taken off after scaling to 0..1.
        std: of each channel, divided by.
        fill: RGB of the padding, 0..255.
    """

    side: int
    resize_mode: ResizeMode = "shortest"
    bicubic: bool = True
    mean: Triple = OPENAI_MEAN
    std: Triple = OPENAI_STD
    fill: tuple[int, int, int] = (0, 0, 0)


def read_config(path: Path) -> Preprocessing:
    """Read open_clip's `preprocess_cfg.json`; what it leaves out is open_clip's default.

    Raises:
        ModelMissing: it cannot be read, or asks for what open_clip does not know.
    """
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        size, fill = config["size"], config.get("fill_color") or 0
        mode: ResizeMode = config.get("resize_mode") or "shortest"
        if mode not in get_args(ResizeMode):
            raise ValueError(f"resize_mode {mode!r}")
        return Preprocessing(
            side=int(size[0] if isinstance(size, list) else size),
            resize_mode=mode,
            bicubic=config.get("interpolation") != "bilinear",
            mean=_triple(config.get("mean") or OPENAI_MEAN),
            std=_triple(config.get("std") or OPENAI_STD),
            fill=(fill, fill, fill) if isinstance(fill, int) else (fill[0], fill[1], fill[2]),
        )
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ModelMissing(f"{path} cannot be used: {error!r}", hint="get the model's files again") from error


def prepare(image: Image, how: Preprocessing) -> NDArray[np.float32]:
    """The network's input for one picture.

    Args:
        image: upright RGB, full or scaled while it was decoded; its width and height rule what is cropped.
        how: of the model.

    Returns:
        float32 [3, side, side], normalised.
    """
    square = np.asarray(_to_square(image, how))
    planes = np.empty((3, how.side, how.side), np.float32)
    for channel, (mean, std) in enumerate(zip(how.mean, how.std, strict=True)):
        np.multiply(square[..., channel], np.float32(1 / (255 * std)), out=planes[channel])
        planes[channel] -= np.float32(mean / std)
    return planes


def _triple(values: Any) -> Triple:
    red, green, blue = values
    return float(red), float(green), float(blue)


def _to_square(image: Image, how: Preprocessing) -> PIL.Image.Image:
    picture = PIL.Image.fromarray(_reduce(image.pixels, how))
    side, filter_ = how.side, PIL.Image.Resampling.BICUBIC if how.bicubic else PIL.Image.Resampling.BILINEAR
    if how.resize_mode == "shortest":
        return _centre(image, picture, side, filter_)
    if how.resize_mode == "squash":
        return picture.resize((side, side), filter_)
    ratio = max(image.width, image.height) / side
    inner = picture.resize((max(1, round(image.width / ratio)), max(1, round(image.height / ratio))), filter_)
    square = PIL.Image.new("RGB", (side, side), how.fill)
    square.paste(inner, ((side - inner.width) // 2, (side - inner.height) // 2))
    return square


def _reduce(pixels: Pixels, how: Preprocessing) -> Pixels:
    height, width = pixels.shape[:2]
    enough = ENOUGH * how.side
    ruling = max(height, width) if how.resize_mode == "longest" else min(height, width)
    return halve(pixels, max(1, width * enough // ruling), max(1, height * enough // ruling))


def _centre(image: Image, picture: PIL.Image.Image, side: int, filter_: PIL.Image.Resampling) -> PIL.Image.Image:
    """Make the shorter side `side`, cut to whole pixels, and crop the centre, half a pixel to the even neighbour.

    That is what torchvision's Resize and CenterCrop do. Only what is seen is resized: a third less work for a photo,
    and a long strip would fill the memory.
    """
    short = min(image.width, image.height)
    width, height = int(side * image.width / short), int(side * image.height / short)
    left, top = round((width - side) / 2), round((height - side) / 2)
    x, y = picture.width / width, picture.height / height
    right, bottom = min((left + side) * x, picture.width), min((top + side) * y, picture.height)
    return picture.resize((side, side), filter_, box=(left * x, top * y, right, bottom))
