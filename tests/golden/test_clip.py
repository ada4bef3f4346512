"""Vectors and token ids are those of independent implementations (`clip/write_golden.py` wrote them)."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engines.clip.preprocess import Preprocessing, read_config
from engines.clip.tokenize import canonicalize, read_chinese, read_exported
from engines.clip.towers import ImageTower, TextTower
from engines.images import Image, decode
from engines.runtime import Backend, choose_backend
from engines.settings import EngineSettings
from engines.types import Embedding
from tests.golden.clip.inputs import SIZES, picture
from tests.golden.clip.models import write_chinese, write_openclip

HERE = Path(__file__).parent / "clip"
SETTINGS = EngineSettings()
TOKENS = json.loads((HERE / "tokens.json").read_text(encoding="utf-8"))
KINDS = ("openclip", "chinese")


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    """The golden vectors by name, float32 [n, dimensions]."""
    with np.load(HERE / "vectors.npz") as file:
        return dict(file)


@pytest.fixture(scope="module", params=["onnxruntime", "openvino"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each runtime on the CPU."""
    pytest.importorskip(request.param)
    return choose_backend("cpu", EngineSettings(runtime=request.param))


Towers = dict[str, tuple[ImageTower, TextTower]]


@pytest.fixture(scope="module")
def towers(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Towers:
    """Image and text tower of both models."""
    one, two = tmp_path_factory.mktemp("openclip"), tmp_path_factory.mktemp("chinese")
    write_openclip(one)
    write_chinese(two)
    textual = one / "textual"
    reader = read_exported(
        textual / "tokenizer.json", textual / "tokenizer_config.json", json.loads((one / "config.json").read_text())
    )
    how = read_config(one / "visual" / "preprocess_cfg.json")
    squash = Preprocessing(224, "squash")
    words = read_chinese(two / "vocab.txt")
    return {
        "openclip": (
            ImageTower(one / "visual" / "model.onnx", backend, 2, how, False),
            TextTower(textual / "model.onnx", backend, 2, reader, np.int32, False),
        ),
        "chinese": (
            ImageTower(two / "vit-b-16.img.fp32.onnx", backend, 2, squash, False),
            TextTower(two / "vit-b-16.txt.fp32.onnx", backend, 2, words, np.int64, False),
        ),
    }


def drawn(number: int) -> Image:
    pixels = picture(number)
    return Image(pixels, pixels.shape[1], pixels.shape[0], "PNG")


def cosines(vectors: list[Embedding], golden: np.ndarray) -> np.ndarray:
    ours = np.array([vector.values for vector in vectors])
    assert ours.shape == golden.shape
    return (ours * golden).sum(axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(golden, axis=1)


def lengths(vectors: list[Embedding]) -> np.ndarray:
    return np.linalg.norm([vector.values for vector in vectors], axis=1)


@pytest.mark.parametrize("kind", KINDS)
def test_drawn_pictures_have_the_golden_vectors(kind: str, towers: Towers, golden: dict[str, np.ndarray]) -> None:
    vectors = towers[kind][0].embed([drawn(number) for number in range(len(SIZES))])
    assert cosines(vectors, golden[f"{kind}_images"]).min() >= 0.9999
    assert lengths(vectors) == pytest.approx(np.linalg.norm(golden[f"{kind}_images"], axis=1), rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_many_callers_have_their_own_vectors(
    kind: str, towers: Towers, golden: dict[str, np.ndarray]
) -> None:
    numbers = [0, 1, 2, 3, 4] * 6
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(lambda number: towers[kind][0].embed([drawn(number)])[0], numbers))
    assert cosines(vectors, golden[f"{kind}_images"][numbers]).min() >= 0.9999


@pytest.mark.parametrize("kind", KINDS)
def test_photos_have_the_golden_vectors(kind: str, towers: Towers, golden: dict[str, np.ndarray], shared: Path) -> None:
    folder = shared / "testdata" / "clip"
    vectors = towers[kind][0].embed([decode(folder / name, SETTINGS) for name in golden["photos"].tolist()])
    assert cosines(vectors, golden[f"{kind}_photos"]).min() >= 0.9999


@pytest.mark.parametrize("kind", KINDS)
def test_texts_have_the_golden_vectors(kind: str, towers: Towers, golden: dict[str, np.ndarray]) -> None:
    texts = TOKENS["english" if kind == "openclip" else "chinese"]
    vectors = towers[kind][1].embed(texts, None)
    assert cosines(vectors, golden[f"{kind}_texts"]).min() >= 0.9999


def test_the_golden_vectors_tell_their_pictures_apart(golden: dict[str, np.ndarray]) -> None:
    for name in ("openclip_images", "openclip_photos", "openclip_texts", "chinese_images", "chinese_photos"):
        unit = golden[name] / np.linalg.norm(golden[name], axis=1, keepdims=True)
        assert (unit @ unit.T - np.eye(len(unit))).max() < 0.99, name


@pytest.mark.parametrize("kind", KINDS)
def test_a_scaled_decode_of_a_large_photo_gives_the_same_vector(kind: str, towers: Towers, shared: Path) -> None:
    photo = shared / "testdata" / "ocr" / "immichdist_PXL_20250712_111801796.jpg"
    full, scaled = decode(photo, SETTINGS), decode(photo, SETTINGS, at_least=672)
    assert scaled.pixels.size * 15 < full.pixels.size
    expected = np.array([towers[kind][0].embed([full])[0].values])
    assert cosines(towers[kind][0].embed([scaled]), expected).min() >= 0.9999


@pytest.mark.parametrize("text", TOKENS["english"])
def test_clips_tokens_are_those_of_open_clip(text: str) -> None:
    read = read_exported(HERE / "tokenizer.json", HERE / "tokenizer_config.json", {})
    golden = TOKENS["english"][text]
    end = golden.index(max(golden)) + 1
    ours = read(text).ids.tolist()
    assert ours[:end] == golden[:end]
    # What comes after the end is never looked at; open_clip fills it with 0, the exported tokenizer with its own token.
    assert len(ours) == len(golden) == 77
    assert set(ours[end:]) <= {golden[end - 1]}


@pytest.mark.parametrize("text", TOKENS["chinese"])
def test_chinese_clips_tokens_are_those_of_cn_clip(text: str) -> None:
    assert read_chinese(HERE / "vocab.txt")(text).ids.tolist() == TOKENS["chinese"][text]


@pytest.mark.parametrize("text", TOKENS["canonical"])
def test_canonical_text_is_that_of_open_clip(text: str) -> None:
    assert canonicalize(text) == TOKENS["canonical"][text]
