"""Any picture comes out as upright 8-bit RGB."""

from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest

from engines.images import decode
from engines.settings import EngineSettings
from tests.unit.engines.conftest import encode

RED, BLUE = (220, 20, 20), (20, 20, 220)


def two_halves(width: int = 60, height: int = 40) -> PIL.Image.Image:
    """Red above, blue below."""
    picture = PIL.Image.new("RGB", (width, height), BLUE)
    picture.paste(RED, (0, 0, width, height // 2))
    return picture


def is_red_above_blue(pixels: np.ndarray) -> bool:
    top, bottom = pixels[4].mean(axis=0), pixels[-5].mean(axis=0)
    return bool(top[0] > 180 and top[2] < 80 and bottom[2] > 180 and bottom[0] < 80)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "AVIF", "PPM"])
def test_every_format_of_a_photo_library_is_decoded(form: str, settings: EngineSettings) -> None:
    image = decode(encode(two_halves(), form), settings)
    assert (image.width, image.height, image.format) == (60, 40, form)
    assert image.pixels.shape == (40, 60, 3)
    assert image.pixels.dtype == np.uint8
    assert image.pixels.flags.c_contiguous
    assert is_red_above_blue(image.pixels)


def test_a_path_is_decoded_like_its_bytes(tmp_path: Path, settings: EngineSettings) -> None:
    data = encode(two_halves(), "JPEG")
    (tmp_path / "photo.jpg").write_bytes(data)
    assert np.array_equal(decode(tmp_path / "photo.jpg", settings).pixels, decode(data, settings).pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_undone(orientation: int, form: str, settings: EngineSettings) -> None:
    flip = PIL.Image.Transpose
    stored = {
        2: flip.FLIP_LEFT_RIGHT,
        3: flip.ROTATE_180,
        4: flip.FLIP_TOP_BOTTOM,
        5: flip.TRANSPOSE,
        6: flip.ROTATE_90,
        7: flip.TRANSVERSE,
        8: flip.ROTATE_270,
    }
    upright = two_halves()
    upright.paste((20, 220, 20), (0, 0, 10, 10))
    picture = upright.transpose(stored[orientation]) if orientation in stored else upright
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    image = decode(encode(picture, form, exif=exif.tobytes()), settings)
    assert (image.width, image.height) == (60, 40)
    assert image.pixels[4, 4, 1] > 180
    assert is_red_above_blue(image.pixels[:, 20:])


@pytest.mark.filterwarnings("ignore:Corrupt EXIF:UserWarning")
def test_a_broken_exif_block_costs_only_the_turn(settings: EngineSettings) -> None:
    image = decode(encode(two_halves(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f\x01"), settings)
    assert is_red_above_blue(image.pixels)


def test_an_animation_gives_its_first_frame(settings: EngineSettings) -> None:
    other = PIL.Image.new("RGB", (60, 40), (0, 200, 0))
    for form in ("GIF", "WEBP", "PNG"):
        data = encode(two_halves(), form, save_all=True, append_images=[other])
        assert is_red_above_blue(decode(data, settings).pixels), form


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "CMYK", "YCbCr", "I;16", "I", "F", "LAB"])
def test_every_mode_becomes_rgb(mode: str, settings: EngineSettings) -> None:
    gray = PIL.Image.new("L", (40, 40), 0)
    gray.paste(255, (0, 0, 40, 20))
    if mode == "LAB":
        picture = PIL.Image.merge("LAB", (gray, PIL.Image.new("L", (40, 40), 128), PIL.Image.new("L", (40, 40), 128)))
    elif mode == "I;16":
        picture = PIL.Image.fromarray(np.asarray(gray).astype(np.uint16) * 257)
    elif mode == "I":
        picture = PIL.Image.fromarray(np.asarray(gray).astype(np.int32) * 257)
    else:
        picture = gray.convert("RGB").convert("CMYK") if mode == "CMYK" else gray.convert(mode)
    assert picture.mode == mode
    pixels = decode(encode(picture, "PNG" if mode in ("1", "L", "P", "LA", "I;16") else "TIFF"), settings).pixels
    assert pixels.shape == (40, 40, 3)
    assert pixels[5, 5].min() > 235
    assert pixels[35, 35].max() < 20


def test_an_adobe_cmyk_jpeg_is_not_read_as_its_negative(settings: EngineSettings) -> None:
    pixels = decode(encode(two_halves().convert("CMYK"), "JPEG"), settings).pixels
    assert is_red_above_blue(pixels)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_gray_of_any_depth_is_as_bright_as_it_was(bits: int, settings: EngineSettings) -> None:
    values = np.zeros((20, 20), np.uint16)
    values[:10] = 2**bits - 1
    pixels = decode(encode(PIL.Image.fromarray(values), "PNG"), settings).pixels
    assert pixels[2, 2].min() == 255
    assert pixels[15, 15].max() == 0


def text_on_nothing(color: tuple[int, int, int]) -> PIL.Image.Image:
    picture = PIL.Image.new("RGBA", (100, 50), (0, 0, 0, 0))
    PIL.ImageDraw.Draw(picture).rectangle((20, 20, 60, 24), fill=(*color, 255))
    return picture


def test_alpha_goes_on_white(settings: EngineSettings) -> None:
    pixels = decode(encode(text_on_nothing((0, 0, 0))), settings).pixels
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[22, 30].tolist() == [0, 0, 0]


@pytest.mark.parametrize("level", [255, 230])
def test_alpha_goes_on_black_where_white_would_leave_no_contrast(level: int, settings: EngineSettings) -> None:
    pixels = decode(encode(text_on_nothing((level, level, level))), settings).pixels
    assert pixels[0, 0].tolist() == [0, 0, 0]
    assert pixels[22, 30].tolist() == [level, level, level]


def test_a_palette_with_a_transparent_color_is_flattened(settings: EngineSettings) -> None:
    picture = two_halves().convert("P", palette=PIL.Image.Palette.ADAPTIVE, colors=4)
    blue = picture.getpixel((30, 35))
    pixels = decode(encode(picture, "PNG", transparency=blue), settings).pixels
    assert pixels[35, 30].tolist() == [255, 255, 255]
    assert pixels[5, 30, 0] > 180


def test_half_transparency_is_mixed_with_the_ground(settings: EngineSettings) -> None:
    picture = PIL.Image.new("RGBA", (10, 10), (0, 0, 0, 128))
    assert decode(encode(picture), settings).pixels[0, 0].tolist() == [127, 127, 127]


def test_a_picture_without_anything_visible_is_white(settings: EngineSettings) -> None:
    assert decode(encode(PIL.Image.new("RGBA", (10, 10))), settings).pixels.min() == 255


def test_pixels_of_a_large_picture_are_copied_in_strips_and_in_order(settings: EngineSettings) -> None:
    rows = np.arange(3000, dtype=np.uint32) % 251
    values = np.repeat(rows[:, None], 2000, axis=1).astype(np.uint8)
    assert np.array_equal(decode(encode(PIL.Image.fromarray(values), "BMP"), settings).pixels[..., 0], values)
