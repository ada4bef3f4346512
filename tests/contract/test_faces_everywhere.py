"""The same faces through every door: MT Photos' call, Immich's call, one photo of our own, and a job."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Service, until
from tests.contract.test_immich import FACE, predict
from tests.contract.test_mt_photos import KEY

pytestmark = pytest.mark.e2e
GROUP = "insightface_t1.jpg"
MODELS = {"detection": "scrfd_2.5g_bnkps.onnx", "recognition": "mobilefacenet_128d.onnx"}


@pytest.fixture(scope="module")
def pack(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose pack `buffalo_l` are small real models."""
    cache = tmp_path_factory.mktemp("models")
    for part, name in MODELS.items():
        folder = cache / "facial-recognition" / "buffalo_l" / part
        folder.mkdir(parents=True)
        (folder / "model.onnx").symlink_to(shared / "models" / "face" / name)
    library = tmp_path_factory.mktemp("library")
    made = Service(tmp_path_factory.mktemp("home"), library, MODEL_CACHE=str(cache))
    yield made
    made.stop()


def alike(a: list[float], b: list[float]) -> bool:
    """The same vector, but for the digits that JSON leaves out."""
    return math.dist(a, b) < 1e-4


def test_six_faces_and_their_vectors_are_the_same_everywhere(pack: Service, shared: Path) -> None:
    photo = (shared / "testdata" / "faces" / GROUP).read_bytes()
    upload = {"file": (GROUP, photo)}
    mt_photos = pack.http.post("/represent", files=upload, headers=KEY).json()
    assert mt_photos["recognition_model"] == "buffalo_l"
    native = pack.http.post("/api/photos?tasks=face", files=upload).json()["results"]["face"]
    immich = predict(pack, FACE, photo).json()["facial-recognition"]
    form = {"tasks": "face", "options": '{"force": true}'}
    job = pack.http.post("/api/jobs", files={"files": (GROUP, photo)}, data=form).json()["task_id"]
    until(lambda: pack.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 30, "the job")
    (line,) = pack.http.get(f"/api/jobs/{job}/results").text.splitlines()
    by_job = json.loads(line)["results"]["face"]
    vectors: list[list[Any]] = [
        [face["embedding"] for face in mt_photos["result"]],
        [face["embedding"] for face in native],
        [json.loads(face["embedding"]) for face in immich],
        [face["embedding"] for face in by_job],
    ]
    assert [len(each) for each in vectors] == [6, 6, 6, 6]
    for others in zip(*vectors, strict=True):
        assert all(alike(others[0], other) for other in others[1:])
