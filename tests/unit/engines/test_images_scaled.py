"""A JPEG that only needs few pixels is decoded at a fraction of its size."""

import numpy as np
import PIL.Image
import pytest

from engines.clip.preprocess import ENOUGH, Preprocessing, prepare
from engines.errors import PictureOutOfRange, PictureUndecodable
from engines.images import decode
from engines.pixels import resize
from engines.settings import EngineSettings
from tests.unit.engines.conftest import encode


def gradient(width: int, height: int) -> PIL.Image.Image:
    """Red grows to the right, green downwards."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width)
    pixels[..., 1] = np.linspace(0, 255, height)[:, None]
    return PIL.Image.fromarray(pixels)


@pytest.mark.parametrize(
    ("at_least", "shape"), [(100, (100, 150)), (101, (200, 300)), (400, (400, 600)), (None, (800, 1200))]
)
def test_the_shorter_side_keeps_what_was_asked(
    at_least: int | None, shape: tuple[int, int], settings: EngineSettings
) -> None:
    image = decode(encode(gradient(1200, 800), "JPEG"), settings, at_least)
    assert image.pixels.shape == (*shape, 3)
    assert (image.width, image.height) == (1200, 800)


def test_a_scaled_picture_looks_like_the_full_one(settings: EngineSettings) -> None:
    data = encode(gradient(1200, 800), "JPEG", quality=95)
    small = decode(data, settings, 200).pixels.astype(int)
    full = np.asarray(PIL.Image.fromarray(decode(data, settings).pixels).reduce(4), int)
    assert small.shape == full.shape
    assert np.abs(small - full).max() <= 3


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_a_scaled_picture_is_upright_and_says_its_full_size(orientation: int, settings: EngineSettings) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    image = decode(encode(gradient(1200, 800), "JPEG", exif=exif.tobytes()), settings, 100)
    turned = orientation in (6, 8)
    assert (image.width, image.height) == ((800, 1200) if turned else (1200, 800))
    assert image.pixels.shape[:2] == ((150, 100) if turned else (100, 150))
    red_right = image.pixels[50, -5, 0] > 200
    assert bool(red_right) == (orientation == 1)


def test_an_odd_size_is_told_exactly(settings: EngineSettings) -> None:
    image = decode(encode(gradient(1003, 757), "JPEG"), settings, 64)
    assert (image.width, image.height) == (1003, 757)
    assert image.pixels.shape[:2] == (95, 126)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_gray_and_cmyk_are_scaled_too(mode: str, settings: EngineSettings) -> None:
    image = decode(encode(gradient(800, 800).convert(mode), "JPEG"), settings, 100)
    assert image.pixels.shape == (100, 100, 3)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "GIF"])
def test_other_formats_are_halved_once_they_are_decoded(form: str, settings: EngineSettings) -> None:
    image = decode(encode(gradient(800, 400), form), settings, 100)
    assert image.pixels.shape == (100, 200, 3)
    assert (image.width, image.height) == (800, 400)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(1203, 805), (801, 5000), (450, 450), (3, 7000)])
def test_a_clip_model_sees_the_same_of_a_picture_that_was_halved(
    form: str, size: tuple[int, int], settings: EngineSettings
) -> None:
    how = Preprocessing(224)
    data = encode(gradient(*size), form)
    whole, halved = (prepare(decode(data, settings, least), how) for least in (None, ENOUGH * how.side))
    assert np.abs(whole - halved).max() < 0.06  # of 4: the JPEG decoder rounds


def test_the_limits_are_those_of_the_full_picture(settings: EngineSettings) -> None:
    limited = settings.model_copy(update={"max_side": 1000})
    with pytest.raises(PictureOutOfRange):
        decode(encode(gradient(1200, 800), "JPEG"), limited, 100)


def test_a_truncated_picture_is_refused_as_ever(settings: EngineSettings) -> None:
    data = encode(gradient(1200, 800), "JPEG")
    with pytest.raises(PictureUndecodable):
        decode(data[: len(data) // 2], settings, 100)
    lenient = settings.model_copy(update={"allow_truncated": True})
    assert decode(data[: len(data) // 2], lenient, 100).pixels.shape == (100, 150, 3)


def stripes() -> np.ndarray:
    """Of one pixel each, black and light; grey on the whole."""
    return np.tile(np.array([[[0], [240]]], np.uint8), (480, 320, 3))


@pytest.mark.parametrize(("width", "height"), [(160, 120), (101, 77), (640, 480), (900, 700), (1, 1), (640, 100)])
def test_a_picture_gets_any_size_and_stays_as_bright(width: int, height: int) -> None:
    resized = resize(stripes(), width, height)
    assert resized.shape == (height, width, 3)
    assert float(resized.mean()) == pytest.approx(120, abs=8)


def test_fine_stripes_become_grey_and_no_coarse_ones() -> None:
    assert float(resize(stripes(), 150, 110).std()) < 3


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    assert resize(picture, 64, 48) is picture
