"""Faces found and told apart in real photos, by small models of the kind that is used, and by dlib's."""

import json
import math
from pathlib import Path

import pytest

from engines.faces.scoring import Vector, balanced_accuracy
from engines.images import decode
from engines.registry import Engines
from engines.settings import EngineSettings
from engines.types import Face

MODELS = {"detection": "scrfd_2.5g_bnkps.onnx", "recognition": "mobilefacenet_128d.onnx"}
COSINE, DISTANCE = 0.33, 0.64


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Engines:
    """With a pack `small` of the models beside the checkout, where they are."""
    cache = tmp_path_factory.mktemp("models")
    for part, name in MODELS.items():
        source = Path(__file__).parents[3] / "shared" / "models" / "face" / name
        if source.exists():
            folder = cache / "facial-recognition" / "small" / part
            folder.mkdir(parents=True)
            (folder / "model.onnx").symlink_to(source)
    return Engines(EngineSettings(model_cache=cache), "cpu")


@pytest.fixture(scope="module")
def photos() -> dict[str, list[str]]:
    """Path -> names of who is on it."""
    manifest = Path(__file__).parents[3] / "shared" / "testdata" / "faces" / "manifest.json"
    if not manifest.exists():
        pytest.skip("../shared/testdata/faces is not here")
    entries = json.loads(manifest.read_text())["entries"]
    return {str(manifest.parent / entry["file"]): entry.get("identities") or [] for entry in entries}


def find(engines: Engines, model: str, path: str) -> tuple[Face, ...]:
    found: tuple[Face, ...] = engines.engine("face", model).find(decode(Path(path), EngineSettings()), 0.65)
    return found


def known(engines: Engines, model: str, photos: dict[str, list[str]]) -> list[tuple[str, Vector]]:
    """Faces whose name is beyond doubt: of photos of one named person with one face."""
    pairs = [(names[0], find(engines, model, path)) for path, names in photos.items() if len(names) == 1]
    return [(name, faces[0].values) for name, faces in pairs if len(faces) == 1]


def cosine(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("model", ["small", "dlib"])
def test_all_six_faces_of_the_group_are_found(engines: Engines, photos: dict[str, list[str]], model: str) -> None:
    (group,) = (path for path, names in photos.items() if any("6_people" in name for name in names))
    assert len(find(engines, model, group)) == 6


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("model", ["small", "dlib"])
def test_every_photo_of_a_person_has_a_face(engines: Engines, photos: dict[str, list[str]], model: str) -> None:
    assert [path for path, names in photos.items() if names and not find(engines, model, path)] == []


@pytest.mark.usefixtures("shared")
def test_cosine_tells_people_apart(engines: Engines, photos: dict[str, list[str]]) -> None:
    faces = known(engines, "small", photos)
    assert len(faces) >= 14
    assert balanced_accuracy(faces, lambda a, b: cosine(a, b) > COSINE) >= 0.99


@pytest.mark.usefixtures("shared")
def test_dlibs_distance_tells_people_apart(engines: Engines, photos: dict[str, list[str]]) -> None:
    faces = known(engines, "dlib", photos)
    assert len(faces) >= 14
    assert balanced_accuracy(faces, lambda a, b: math.dist(a, b) <= DISTANCE) >= 0.99
