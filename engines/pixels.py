"""Pillow's modes -> 8-bit RGB arrays, the eight EXIF orientations, and the way to a network's size."""

import cv2
import numpy as np
import PIL.Image
import PIL.ImageCms
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_ORIENTATION_TAG = 0x0112
# How OpenCV flips what lies right way up, or was transposed, by EXIF orientation: 0 top to bottom, 1 left to right,
# -1 both. That takes a fifth of what numpy takes for a photo of 12 MP.
_FLIPS = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}
_ALPHA_MODES = ("RGBA", "LA", "PA", "RGBa", "La")
# Rows that are copied out of Pillow at a time, so that no second copy of a large picture exists for a moment.
_STRIP_PIXELS = 1_000_000
# A visible pixel this much darker than white can be read on white ...
_CONTRAST = 64
# ... and so many of the visible ones must be, or white is no ground for the picture.
_CONTRAST_SHARE = 0.005


def orientation(picture: PIL.Image.Image) -> int:
    """EXIF orientation 1..8 of a loaded picture; 1 where the EXIF block is absent or broken."""
    try:
        value = picture.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001  a broken EXIF block makes the parser raise anything, and costs only the turn
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation.

    Args:
        pixels: uint8 [h, w, 3] as stored.
        orientation: 1..8, EXIF 2.3 section 4.6.4.

    Returns:
        uint8 [h, w, 3] or [w, h, 3], contiguous.
    """
    turned = pixels if orientation not in (5, 6, 7, 8) else cv2.transpose(pixels)
    flip = _FLIPS.get(orientation)
    upright: Pixels = turned if flip is None else cv2.flip(turned, flip)
    return np.ascontiguousarray(upright)


def resize(pixels: Pixels, width: int, height: int) -> Pixels:
    """The picture at another size, uint8 [height, width, 3].

    It is halved while it is at least twice as large, and the rest is bilinear. OpenCV's area filter, which is fast for
    halves alone, takes eight times as long for a photo of 12 MP, and no word more is read after it.
    """
    pixels = halve(pixels, width, height)
    if pixels.shape[:2] == (height, width):
        return pixels
    resized: Pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized


def halve(pixels: Pixels, width: int, height: int) -> Pixels:
    """The picture halved as often as it stays this large, by the mean of each four pixels; uint8 [h, w, 3]."""
    while pixels.shape[1] >= 2 * width and pixels.shape[0] >= 2 * height:
        # An odd side is slower, but cutting a row off would move all others, which a CLIP vector shows.
        pixels = cv2.resize(pixels, (pixels.shape[1] // 2, pixels.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return pixels


def to_rgb(picture: PIL.Image.Image) -> Pixels:
    """Pixels of a loaded picture in any mode, uint8 [h, w, 3] RGB as stored (not yet upright).

    Transparency goes on white, or on black where white would leave no contrast.
    """
    mode = picture.mode
    if mode.startswith(("I", "F")):
        return _gray_to_rgb(_to_8_bit(np.asarray(picture)))
    if mode in _ALPHA_MODES or "transparency" in picture.info:
        return _flatten(_to_array(picture.convert("RGBA")))
    if mode in ("1", "L"):
        return _gray_to_rgb(_to_array(picture.convert("L")))
    if mode == "LAB":
        lab, srgb = PIL.ImageCms.createProfile("LAB"), PIL.ImageCms.createProfile("sRGB")
        converted = PIL.ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
        assert converted is not None
        return _to_array(converted)
    return _to_array(picture if mode == "RGB" else picture.convert("RGB"))


def _to_array(picture: PIL.Image.Image) -> Pixels:
    width, height = picture.size
    bands = len(picture.getbands())
    array = np.empty((height, width, bands), np.uint8)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        strip = picture if rows >= height else picture.crop((0, top, width, bottom))
        array[top:bottom] = np.frombuffer(strip.tobytes(), np.uint8).reshape(bottom - top, width, bands)
    return array


def _gray_to_rgb(gray: Pixels) -> Pixels:
    return np.repeat(gray.reshape(*gray.shape[:2], 1), 3, axis=2)


def _to_8_bit(values: NDArray[np.generic]) -> Pixels:
    """Scale 16-bit, 32-bit or float gray to 8 bits.

    Integers lose their low bits, so that 16, 12 and 10-bit scans come out as bright as they are; floats have no
    fixed white, so their range is stretched.
    """
    if np.issubdtype(values.dtype, np.floating):
        finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        low, high = float(finite.min()), float(finite.max())
        scaled = (finite - low) * (255.0 / (high - low) if high > low else 0.0)
        return scaled.astype(np.uint8)
    clipped = np.clip(values.astype(np.int64), 0, 65535).astype(np.uint16)
    bits = int(clipped.max()).bit_length()
    shift = 0 if bits <= 8 else 2 if bits <= 10 else 4 if bits <= 12 else 8
    return (clipped >> shift).astype(np.uint8)


def _flatten(rgba: Pixels) -> Pixels:
    """Put RGBA on white, or on black where white would leave nothing to see."""
    alpha = rgba[..., 3]
    color = rgba[..., :3]
    if bool((alpha == 255).all()):
        return np.ascontiguousarray(color)
    ground = 255 if _shows_on_white(color, alpha) else 0
    # In place and in strips: the picture may be large, and a float copy of it would be sixteen times that.
    rows = max(1, _STRIP_PIXELS // rgba.shape[1])
    flat = np.empty(color.shape, np.uint8)
    for top in range(0, rgba.shape[0], rows):
        part = slice(top, top + rows)
        weight = alpha[part, :, None].astype(np.uint16)
        flat[part] = (color[part] * weight + np.uint16(ground) * (255 - weight) + 127) // 255
    return flat


def _shows_on_white(color: Pixels, alpha: Pixels) -> bool:
    visible = alpha > 16
    count = int(np.count_nonzero(visible))
    if count == 0:
        return True
    gray = cv2.cvtColor(np.ascontiguousarray(color), cv2.COLOR_RGB2GRAY)
    darkness = (255 - gray).astype(np.uint16) * alpha // 255
    return int(np.count_nonzero(darkness >= _CONTRAST)) >= max(1, count * _CONTRAST_SHARE)
