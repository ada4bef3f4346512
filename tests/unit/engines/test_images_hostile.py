"""What is no picture, broken, or too large is refused with the right error and without much work."""

import json
import struct
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from engines import images
from engines.errors import NotAPicture, PictureOutOfRange, PictureUndecodable
from engines.images import decode
from engines.settings import EngineSettings
from tests.conftest import SHARED
from tests.unit.engines.conftest import encode

FOLDER = SHARED / "testdata" / "bad"
ENTRIES = json.loads((FOLDER / "manifest.json").read_text())["entries"] if (FOLDER / "manifest.json").exists() else []

# Broken beyond what the header shows; everything else that "errors" has a picture's first bytes and fails there.
NO_PICTURE = {"lfs_pointer.onnx.jpg"}
OUT_OF_RANGE = {"Pillow_decompression_bomb.gif"}
# Its second frame claims a huge extent; only the first one is looked at, and that one is sound.
SOUND_FIRST_FRAME = {"Pillow_decompression_bomb_extents.gif"}


def noise(width: int = 400, height: int = 300) -> PIL.Image.Image:
    values = np.random.default_rng(1).integers(60, 255, (height, width, 3), dtype=np.uint8)
    return PIL.Image.fromarray(values)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and has hardly any data."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, I am text",
        b"%PDF-1.7\n",
        b"PK\x03\x04zip",
        b"\0" * 500,
        b"<svg xmlns='...'/>",
        b"%!PS-Adobe-3.0 EPSF",
    ],
    ids=["empty", "text", "pdf", "zip", "zeros", "svg", "postscript"],
)
def test_what_is_no_picture_is_called_so(data: bytes, settings: EngineSettings) -> None:
    with pytest.raises(NotAPicture):
        decode(data, settings)


def test_a_heic_picture_is_refused_with_a_way_out(settings: EngineSettings) -> None:
    with pytest.raises(NotAPicture, match="HEIC") as raised:
        decode(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100, settings)
    assert raised.value.hint


@pytest.mark.parametrize("size", [(12_000, 50), (50, 10_001), (2_000_000_000, 3)])
def test_a_side_over_the_limit_is_refused_from_the_header(size: tuple[int, int], settings: EngineSettings) -> None:
    with pytest.raises(PictureOutOfRange, match="height or width out of range"):
        decode(png_header(*size), settings)


def test_a_side_at_the_limit_is_read(settings: EngineSettings) -> None:
    assert decode(encode(PIL.Image.new("L", (10_000, 4), 200)), settings).width == 10_000


def test_an_area_over_the_limit_is_refused(settings: EngineSettings) -> None:
    with pytest.raises(PictureOutOfRange, match="height or width out of range"):
        decode(encode(noise()), settings.model_copy(update={"max_pixels": 400 * 300 - 1}))


def test_refusing_a_bomb_takes_no_memory(settings: EngineSettings) -> None:
    tracemalloc.start()
    with pytest.raises(PictureOutOfRange):
        decode(png_header(40_000, 40_000), settings)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "GIF", "JPEG2000", "AVIF", "BMP"])
def test_a_truncated_picture_is_undecodable(form: str, settings: EngineSettings) -> None:
    data = encode(noise(), form)
    with pytest.raises(PictureUndecodable):
        decode(data[: len(data) // 2], settings)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_allow_truncated_reads_what_is_there(form: str, settings: EngineSettings) -> None:
    data = encode(noise(), form)
    whole = decode(data, settings).pixels
    image = decode(data[: len(data) // 2], settings.model_copy(update={"allow_truncated": True}))
    assert (image.width, image.height) == (400, 300)
    assert np.array_equal(image.pixels[:50], whole[:50])
    assert not np.array_equal(image.pixels[-50:], whole[-50:])


def test_allow_truncated_does_not_leak_into_other_threads(settings: EngineSettings) -> None:
    half = encode(noise(), "JPEG")[:30_000]
    tolerant = settings.model_copy(update={"allow_truncated": True})

    def outcome(index: int) -> bool:
        try:
            decode(half, tolerant if index % 2 else settings)
        except PictureUndecodable:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(outcome, range(64))) == [False, True] * 32


def test_a_progressive_jpeg_with_endless_scans_is_refused(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = encode(noise(), "JPEG", progressive=True)
    assert decode(data, settings).width == 400
    monkeypatch.setattr(images, "MAX_JPEG_SCANS", 3)
    with pytest.raises(PictureUndecodable, match="scans"):
        decode(data, settings)


def test_a_format_that_starts_other_programs_is_not_opened(settings: EngineSettings) -> None:
    with pytest.raises(NotAPicture):
        decode(encode(noise(), "EPS"), settings)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["file"]))
def test_each_odd_file_is_decoded_or_refused_as_it_deserves(
    entry: dict[str, str], shared: Path, settings: EngineSettings
) -> None:
    name, expect = entry["file"], entry["expect"]
    path = shared / "testdata" / "bad" / name
    if expect.startswith("ok") or name in SOUND_FIRST_FRAME:
        image = decode(path, settings)
        assert image.pixels.shape == (image.height, image.width, 3)
        assert image.pixels.std() > 1
    else:
        error = NotAPicture if name in NO_PICTURE else PictureOutOfRange if name in OUT_OF_RANGE else PictureUndecodable
        with pytest.raises(error):
            decode(path, settings)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_photo_that_was_held_upside_down_comes_out_upright(shared: Path, settings: EngineSettings) -> None:
    path = shared / "testdata" / "bad" / "exif-orientation-examples_Portrait_3.jpg"
    stored = np.asarray(PIL.Image.open(path))
    assert np.array_equal(decode(path, settings).pixels, stored[::-1, ::-1])
