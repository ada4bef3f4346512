"""Concept vectors are those of independent implementations (`concepts/write_golden.py` wrote them), and find photos."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from engines.clip.preprocess import prepare
from engines.concepts import labels, recipe, write
from engines.concepts.checkpoint import read_checkpoint
from engines.concepts.wheels import CLASSIFIER, SENTENCES
from engines.images import Image, decode
from engines.registry import Engines
from engines.runtime import choose_backend, open_session
from engines.settings import EngineSettings
from engines.types import Embedding
from tests.golden.concepts.inputs import CLASSES, PICTURES, TEXTS, picture

HERE = Path(__file__).parent / "concepts"
CLOSE = 0.9999


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    """The golden arrays by name, float32 [n, size]."""
    with np.load(HERE / "vectors.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model cache for all tests, so that the towers are written once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module", params=["onnxruntime", "openvino"])
def settings(request: pytest.FixtureRequest, cache: Path) -> EngineSettings:
    """Each runtime on the CPU."""
    pytest.importorskip(request.param)
    return EngineSettings(
        model_cache=cache, runtime=request.param, clip_visual_model_name="concepts", clip_textual_model_name="concepts"
    )


@pytest.fixture(scope="module")
def engines(settings: EngineSettings) -> Engines:
    return Engines(settings, "cpu")


def photo(path: Path, settings: EngineSettings) -> Image:
    return decode(path, settings)


def matrix(embeddings: list[Embedding]) -> np.ndarray:
    return np.array([made.values for made in embeddings])


def cosines(made: np.ndarray, golden: np.ndarray) -> np.ndarray:
    assert made.shape == golden.shape
    lengths = np.linalg.norm(made, axis=1) * np.linalg.norm(golden, axis=1)
    return (made * golden).sum(axis=1) / lengths


def test_weights_have_the_published_number_of_parameters() -> None:
    checkpoint = read_checkpoint(CLASSIFIER.verify())
    learned = (tensor.size for name, tensor in checkpoint.items() if "running_" not in name and "tracked" not in name)
    assert round(sum(learned) / 1e6, 1) == 6.1
    sentences = load_file(SENTENCES.verify())
    learned = (tensor.size for name, tensor in sentences.items() if not name.endswith("position_ids"))
    assert round(sum(learned) / 1e6, 1) == 22.7


def test_the_classifier_gives_the_reference_logits(settings: EngineSettings, golden: dict[str, np.ndarray]) -> None:
    session = open_session(write.image_tower(settings), choose_backend("cpu", settings), 1)
    squares = [prepare(photo(picture(name), settings), recipe.PREPROCESSING) for name in PICTURES]
    _, logits = session.run({"image": np.stack(squares)})
    assert cosines(logits, golden["logits"]).min() >= CLOSE
    assert list(logits.argmax(axis=1)) == list(golden["logits"].argmax(axis=1))


def test_vectors_of_pictures_are_the_reference(
    engines: Engines, settings: EngineSettings, golden: dict[str, np.ndarray]
) -> None:
    photos = [photo(picture(name), settings) for name in PICTURES]
    made = matrix(engines.engine("clip").embed_many(photos))
    assert cosines(made, golden["pictures"]).min() >= CLOSE
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5)


def test_vectors_of_texts_are_the_reference(engines: Engines, golden: dict[str, np.ndarray]) -> None:
    made = matrix([engines.engine("clip_text").embed(text) for text in TEXTS])
    assert cosines(made, golden["texts"]).min() >= CLOSE
    assert np.linalg.norm(made, axis=1) == pytest.approx(1, abs=1e-5)


def test_vectors_of_labels_are_the_reference(engines: Engines, golden: dict[str, np.ndarray]) -> None:
    prompts = labels.prompts()
    made = matrix([engines.engine("clip_text").embed(prompts[index]) for index in CLASSES])
    assert cosines(made, golden["classes"]).min() >= CLOSE


def test_a_photo_is_nearest_to_what_it_shows(engines: Engines, settings: EngineSettings) -> None:
    questions = {"a cat": "chelsea.png", "a cup of coffee": "coffee.png", "a space rocket": "rocket.jpg"}
    photos = matrix(engines.engine("clip").embed_many([photo(picture(name), settings) for name in PICTURES]))
    for question, name in questions.items():
        asked = np.array(engines.engine("clip_text").embed(question).values)
        assert PICTURES[int((photos @ asked).argmax())] == name, question


def test_nine_of_ten_captions_find_their_photo_in_the_first_five(
    engines: Engines, settings: EngineSettings, shared: Path
) -> None:
    folder = shared / "testdata" / "clip"
    entries = json.loads((folder / "manifest.json").read_text())["entries"]
    photos = matrix(engines.engine("clip").embed_many([photo(folder / entry["file"], settings) for entry in entries]))
    ranks = []
    for own, entry in enumerate(entries):
        for caption in entry["captions"]:
            scores = photos @ np.array(engines.engine("clip_text").embed(caption).values)
            ranks.append(int((scores > scores[own]).sum()))
    assert len(ranks) >= 125
    assert np.mean(np.array(ranks) < 5) >= 0.9
