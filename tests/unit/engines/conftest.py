"""Pictures drawn by the tests, and the engines that read them."""

import importlib.util
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import pytest

from engines.images import Image
from engines.registry import Engines
from engines.settings import EngineSettings

Draw = Callable[..., Image]


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    """The defaults, with a model cache that is empty."""
    return EngineSettings(model_cache=tmp_path / "models")


@pytest.fixture(scope="session")
def engines() -> Engines:
    """The default engines on the CPU, kept loaded for all tests."""
    return Engines(EngineSettings(), "cpu")


@pytest.fixture(scope="session")
def font() -> Path:
    """A font with Latin and Chinese letters."""
    spec = importlib.util.find_spec("pylopdf_fonts_zh_cn")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for path in Path(root).rglob("NotoSansSC-Regular.otf"):
            return path
    pytest.skip("no font: the wheel pylopdf-fonts-zh-cn is not installed")


@pytest.fixture(scope="session")
def draw(font: Path) -> Draw:
    """Draw lines of text, `(x, y, text)` each, on a picture of a given size."""

    def drawn(width: int, height: int, *lines: tuple[int, int, str], size: int = 24) -> Image:
        picture = PIL.Image.new("RGB", (width, height), "white")
        pen = PIL.ImageDraw.Draw(picture)
        for x, y, text in lines:
            pen.text((x, y), text, font=PIL.ImageFont.truetype(str(font), size), fill="black")
        return as_image(np.asarray(picture))

    return drawn


def as_image(pixels: np.ndarray) -> Image:
    """An array as a decoded picture."""
    upright = np.ascontiguousarray(pixels)
    return Image(upright, upright.shape[1], upright.shape[0], "PNG")


def encode(picture: PIL.Image.Image, form: str = "PNG", **options: object) -> bytes:
    """A picture's file."""
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)  # type: ignore[arg-type]
    return buffer.getvalue()
