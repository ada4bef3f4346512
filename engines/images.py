"""Bytes or a file -> upright RGB pixels.

Everything that a photo library holds comes in here: EXIF orientation is applied, an animation gives its first
frame, and every mode that Pillow knows ends as 8-bit RGB. Size limits are taken from the header before any
pixel is decoded. Formats whose decoders start other programs or that nobody photographs in are not opened.
"""

import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from engines import pixels
from engines.errors import ImageError, NotAPicture, PictureOutOfRange, PictureUndecodable
from engines.settings import EngineSettings

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "JPEG2000", "PPM")

# A photo has a dozen scans; each one more makes the decoder walk the whole picture again.
MAX_JPEG_SCANS = 256

_SIGNATURES = re.compile(
    rb"\xff\xd8\xff|\x89PNG|GIF8[79]a|RIFF....WEBP|BM|II\*\0|MM\0\*|II\+\0|MM\0\+|....ftyp(?:avif|avis)"
    rb"|\0\0\0\x0cjP  |\xff\x4f\xff\x51|P[1-6]\s",
    re.DOTALL,
)
_HEIF = re.compile(rb"....ftyp(?:heic|heix|hevc|heim|heis|hevm|mif1|msf1)", re.DOTALL)

# Ours are the limits that count; Pillow's own guard stays as a second one for frames inside a file, as an error.
PIL.Image.MAX_IMAGE_PIXELS = 100_000_000
warnings.filterwarnings("error", category=PIL.Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\..*")


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A decoded picture.

    Attributes:
        pixels: uint8 [height, width, 3], RGB, upright, contiguous; smaller where it was decoded with `at_least`.
        width: of the upright picture, pixels.
        height: of the upright picture, pixels.
        format: Pillow's name of the file format, such as `JPEG`.
    """

    pixels: NDArray[np.uint8]
    width: int
    height: int
    format: str


def decode(source: bytes | Path, settings: EngineSettings, at_least: int | None = None) -> Image:
    """Decode one picture.

    Args:
        source: the file's bytes, or its path.
        settings: limits, and whether truncated pictures are read as far as they go.
        at_least: pixels that the shorter side must keep; the picture then comes out at a half, a quarter or less
            of its size, and a JPEG is decoded so, which costs a third. None for the full picture.

    Returns:
        The upright picture, first frame only.

    Raises:
        NotAPicture: empty, or in no format that is decoded here.
        PictureUndecodable: broken or truncated.
        PictureOutOfRange: a side or the area is over the limit.
        OSError: the path cannot be read.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _decode_file(file, settings, at_least)
    return _decode_file(io.BytesIO(source), settings, at_least)


def _decode_file(file: IO[bytes], settings: EngineSettings, at_least: int | None) -> Image:
    head = file.read(32)
    file.seek(0)
    if not head:
        raise NotAPicture("the file is empty")
    with _open(file, head) as picture:
        _check_size(picture.size, settings)
        _check_scans(picture, file)
        full = picture.size
        if at_least:
            # Only the JPEG decoder does anything here: it leaves out frequencies, and never goes below what is asked.
            picture.draft(None, (at_least, at_least))
        scale = round(full[0] / picture.size[0])
        _load(picture, settings)
        _check_size(picture.size, settings)
        try:
            turn = pixels.orientation(picture)
            upright = pixels.upright(pixels.to_rgb(_stretch(picture, full, scale)), turn)
        except ImageError:
            raise
        except Exception as error:  # Pillow's converters raise whatever their C code or a plug-in does
            raise PictureUndecodable(f"the picture cannot be converted: {error}") from error
        height, width = upright.shape[:2]
        if scale > 1:
            width, height = full if turn < 5 else full[::-1]
        if at_least:
            across, down = upright.shape[1], upright.shape[0]
            short = min(across, down)
            upright = pixels.halve(upright, max(1, across * at_least // short), max(1, down * at_least // short))
        return Image(pixels=upright, width=width, height=height, format=picture.format or "unknown")


def _open(file: IO[bytes], head: bytes) -> PIL.Image.Image:
    try:
        return PIL.Image.open(file, formats=FORMATS)
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise PictureOutOfRange("height or width out of range") from error
    except PIL.UnidentifiedImageError as error:
        raise _unidentified(head) from error
    except Exception as error:  # a plug-in that trips over a header raises anything
        raise PictureUndecodable(f"the picture's header is broken: {error}") from error


def _unidentified(head: bytes) -> ImageError:
    if _SIGNATURES.match(head):
        return PictureUndecodable("the picture's header is broken")
    if _HEIF.match(head):
        return NotAPicture("HEIC pictures are not decoded here", hint="export it as JPEG, PNG, WebP or AVIF")
    if head.startswith(b"version https://git-lfs"):
        return NotAPicture("a Git LFS pointer, not the picture itself", hint="run `git lfs pull` where it came from")
    return NotAPicture("the file is no picture in a format that is decoded here")


def _check_size(size: tuple[int, int], settings: EngineSettings) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PictureUndecodable("the picture has no pixels")
    if max(width, height) > settings.max_side:
        raise PictureOutOfRange(f"height or width out of range: {width} x {height}, the limit is {settings.max_side}")
    if width * height > settings.max_pixels:
        raise PictureOutOfRange(
            f"height or width out of range: {width} x {height} is more than {settings.max_pixels} pixels"
        )


def _check_scans(picture: PIL.Image.Image, file: IO[bytes]) -> None:
    """Refuse a progressive JPEG that would keep the decoder busy for minutes."""
    if not picture.info.get("progressive"):
        return
    position = file.tell()
    file.seek(0)
    scans, tail = 0, b""
    while chunk := file.read(1 << 20):
        # Entropy-coded data never holds ff da: a stuffed zero follows each ff.
        scans += (tail + chunk).count(b"\xff\xda")
        tail = chunk[-1:] if chunk[-1:] == b"\xff" else b""
    file.seek(position)
    if scans > MAX_JPEG_SCANS:
        raise PictureUndecodable(f"the picture has {scans} scans, more than a photo needs")


def _load(picture: PIL.Image.Image, settings: EngineSettings) -> None:
    try:
        picture.load()
    except (PIL.Image.DecompressionBombError, PIL.Image.DecompressionBombWarning) as error:
        raise PictureOutOfRange("height or width out of range: a frame is larger than any picture may be") from error
    except Exception as error:  # a decoder that trips raises anything
        if settings.allow_truncated and _keep_what_is_there(picture):
            return
        hint = None if settings.allow_truncated else "ALLOW_TRUNCATED=on reads what is there"
        raise PictureUndecodable(f"the picture is broken or truncated: {error}", hint=hint) from error


def _stretch(picture: PIL.Image.Image, full: tuple[int, int], scale: int) -> PIL.Image.Image:
    """Fill the whole of a scaled picture with what was the whole of the full one.

    The decoder rounds sizes up, and what it adds at the right and the bottom would move everything else a little:
    enough to be seen in a vector (cosine 0.99).
    """
    if full[0] % scale == 0 and full[1] % scale == 0:
        return picture
    extent = (0, 0, full[0] / scale, full[1] / scale)
    return picture.resize(picture.size, PIL.Image.Resampling.BICUBIC, box=extent)


def _keep_what_is_there(picture: PIL.Image.Image) -> bool:
    """Make do with the rows that were decoded; False where there are none.

    They stand in the picture already. Forgetting the rest of the work keeps Pillow from trying again; its own
    switch for this is global and would change what other threads do.
    """
    if getattr(picture, "_im", None) is None:
        return False
    picture.tile = []  # type: ignore[attr-defined]
    return picture.getbbox(alpha_only=False) is not None
