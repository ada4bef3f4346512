"""Faces found and told apart in real photos, by small models of the kind that is used, and by dlib's."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from engines.faces.scoring import Vector, balanced_accuracy
from engines.images import Image, decode
from engines.registry import Engines
from engines.settings import EngineSettings
from engines.types import Face
from tests.conftest import SHARED

DETECTORS = {"small": "scrfd_2.5g_bnkps.onnx", "smaller": "scrfd_500m_bnkps.onnx"}
RECOGNISER = "mobilefacenet_128d.onnx"
COSINE, DISTANCE = 0.33, 0.64


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Engines:
    """With packs of the models beside the checkout, where they are; the input of `smaller` is 640 x 640, no other."""
    cache = tmp_path_factory.mktemp("models")
    for pack, detector in DETECTORS.items():
        for part, name in (("detection", detector), ("recognition", RECOGNISER)):
            source = SHARED / "models" / "face" / name
            if source.exists():
                folder = cache / "facial-recognition" / pack / part
                folder.mkdir(parents=True)
                (folder / "model.onnx").symlink_to(source)
    return Engines(EngineSettings(model_cache=cache), "cpu")


@pytest.fixture(scope="module")
def photos() -> dict[str, list[str]]:
    """Path -> names of who is on it."""
    manifest = SHARED / "testdata" / "faces" / "manifest.json"
    if not manifest.exists():
        pytest.skip("../shared/testdata/faces is not here")
    entries = json.loads(manifest.read_text())["entries"]
    return {str(manifest.parent / entry["file"]): entry.get("identities") or [] for entry in entries}


def find(engines: Engines, model: str, source: str | Image) -> tuple[Face, ...]:
    image = decode(Path(source), EngineSettings()) if isinstance(source, str) else source
    found: tuple[Face, ...] = engines.engine("face", model).find(image, 0.65)
    return found


def cut(image: Image, face: Face) -> Image:
    """The face's box and nothing else."""
    left, top, right, bottom = (max(0, round(side)) for side in face.box)
    pixels = np.ascontiguousarray(image.pixels[top:bottom, left:right])
    return Image(pixels, pixels.shape[1], pixels.shape[0], "PNG")


def known(engines: Engines, model: str, photos: dict[str, list[str]]) -> list[tuple[str, Vector]]:
    """Faces whose name is beyond doubt: of photos of one named person with one face."""
    pairs = [(names[0], find(engines, model, path)) for path, names in photos.items() if len(names) == 1]
    return [(name, faces[0].values) for name, faces in pairs if len(faces) == 1]


def cosine(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("model", ["small", "smaller", "dlib"])
def test_all_six_faces_of_the_group_are_found(engines: Engines, photos: dict[str, list[str]], model: str) -> None:
    (group,) = (path for path, names in photos.items() if any("6_people" in name for name in names))
    assert len(find(engines, model, group)) == 6


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("model", ["small", "smaller", "dlib"])
def test_every_photo_of_a_person_has_a_face(engines: Engines, photos: dict[str, list[str]], model: str) -> None:
    assert [path for path, names in photos.items() if names and not find(engines, model, path)] == []


@pytest.mark.usefixtures("shared")
def test_a_face_that_fills_the_picture_is_found_and_recognised(engines: Engines, photos: dict[str, list[str]]) -> None:
    pairs = []
    for path in photos:
        photo = decode(Path(path), EngineSettings())
        for whole in find(engines, "small", photo):
            (alone,) = find(engines, "small", cut(photo, whole))
            pairs.append(cosine(whole.values, alone.values))
    assert len(pairs) >= 25
    assert min(pairs) > 0.8


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
