"""A picture is prepared as the model's own file says."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from engines.clip.preprocess import OPENAI_MEAN, OPENAI_STD, Preprocessing, prepare, read_config
from engines.errors import ModelMissing
from engines.images import decode
from engines.settings import EngineSettings
from tests.unit.engines.conftest import as_image, encode

RAW = Preprocessing(32, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), fill=(255, 0, 0))


def stripes(width: int, height: int) -> np.ndarray:
    """Red, green and blue thirds, side by side along the longer side."""
    thirds = np.eye(3, dtype=np.uint8) * 255
    along = thirds[np.arange(max(width, height)) * 3 // max(width, height)]
    if width >= height:
        return np.broadcast_to(along[None], (height, width, 3)).copy()
    return np.broadcast_to(along[:, None], (height, width, 3)).copy()


def test_shortest_sees_the_centre() -> None:
    square = prepare(as_image(stripes(300, 100)), RAW)
    assert square.shape == (3, 32, 32)
    assert square[1, :, 2:-2].min() > 0.95
    assert square[0, :, 4:].max() < 0.05


def test_squash_sees_everything() -> None:
    square = prepare(as_image(stripes(300, 100)), replace(RAW, resize_mode="squash"))
    assert square[0, :, :8].min() > 0.95
    assert square[2, :, -8:].min() > 0.95


def test_longest_sees_everything_between_bars_of_the_fill_colour() -> None:
    square = prepare(as_image(stripes(100, 300)), replace(RAW, resize_mode="longest"))
    assert square[0, :, :10].min() == 1.0
    assert square[1, 14:18, 12:20].min() > 0.95
    assert square[2, -8:, 12:20].min() > 0.95


def test_mean_and_deviation_are_of_each_channel() -> None:
    gray = as_image(np.full((32, 32, 3), 51, np.uint8))
    square = prepare(gray, replace(RAW, mean=(0.2, 0.1, 0.0), std=(1.0, 0.5, 0.1)))
    assert square[:, 0, 0] == pytest.approx([0.0, 0.2, 2.0], abs=1e-6)
    assert square.dtype == np.float32
    assert square.flags.c_contiguous


@pytest.mark.parametrize("shape", [(1, 4000), (4000, 1), (3, 9000), (1, 1), (8000, 500)])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_a_strip_of_any_length_is_seen(shape: tuple[int, int], mode: str) -> None:
    gray = as_image(np.full((*shape, 3), 102, np.uint8))
    square = prepare(gray, replace(RAW, resize_mode=mode, fill=(102, 102, 102)))  # type: ignore[arg-type]
    assert square == pytest.approx(0.4, abs=1e-6)


def test_a_long_strip_shows_its_middle_like_a_short_one() -> None:
    short = prepare(as_image(stripes(7 * 96, 96)), RAW)
    long = prepare(as_image(stripes(9 * 96, 96)), RAW)
    assert short[1].min() > 0.95
    assert np.abs(long - short).max() < 0.02


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_a_scaled_decode_is_seen_like_the_full_one(mode: str, orientation: int, settings: EngineSettings) -> None:
    rng = np.random.RandomState(0)
    blotches = PIL.Image.fromarray(rng.randint(60, 200, (9, 12, 3)).astype(np.uint8)).resize((1003, 757))
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    data = encode(blotches, "JPEG", quality=95, exif=exif.tobytes())
    how = replace(RAW, resize_mode=mode)  # type: ignore[arg-type]
    full, scaled = decode(data, settings), decode(data, settings, at_least=96)
    assert scaled.pixels.shape[0] < full.pixels.shape[0] / 3
    assert np.abs(prepare(full, how) - prepare(scaled, how)).max() < 0.01


def test_the_models_file_is_read(tmp_path: Path) -> None:
    config = {
        "size": [384, 384],
        "mode": "RGB",
        "mean": [0.5, 0.5, 0.4],
        "std": [0.5, 0.25, 0.5],
        "interpolation": "bilinear",
        "resize_mode": "longest",
        "fill_color": 127,
    }
    (tmp_path / "preprocess_cfg.json").write_text(json.dumps(config))
    assert read_config(tmp_path / "preprocess_cfg.json") == Preprocessing(
        384, "longest", False, (0.5, 0.5, 0.4), (0.5, 0.25, 0.5), (127, 127, 127)
    )


def test_what_the_file_leaves_out_is_open_clips_default(tmp_path: Path) -> None:
    (tmp_path / "preprocess_cfg.json").write_text('{"size": 224}')
    assert read_config(tmp_path / "preprocess_cfg.json") == Preprocessing(
        224, "shortest", True, OPENAI_MEAN, OPENAI_STD, (0, 0, 0)
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"size": 224, "resize_mode": "stretch"}', '{"size": 1, "mean": [1]}']
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "preprocess_cfg.json").write_text(text)
    with pytest.raises(ModelMissing, match=r"preprocess_cfg\.json"):
        read_config(tmp_path / "preprocess_cfg.json")
