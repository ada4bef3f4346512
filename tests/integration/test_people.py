"""Photos of known people, scanned, clustered, named, merged and split over HTTP."""

import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Service, until
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e


@pytest.fixture
def people(start: Start, shared: Path, tmp_path: Path) -> tuple[Service, dict[str, list[str]]]:
    """A service that knows the labelled photos, and who is on which: name -> files with that person alone."""
    folder = shared / "testdata" / "faces"
    pytest.importorskip("face_recognition_models")
    (tmp_path / "library").mkdir()
    known: dict[str, list[str]] = defaultdict(list)
    for entry in json.loads((folder / "manifest.json").read_text())["entries"]:
        if len(entry.get("identities") or []) == 1:
            shutil.copy(folder / entry["file"], tmp_path / "library")
            known[entry["identities"][0]].append(entry["file"])
    service = start(FACE_FALLBACK="dlib", FACE_RECOGNITION_MODEL_NAME="dlib")
    job = {"library": str(service.library), "tasks": ["face"]}
    finish(service, service.http.post("/api/jobs", json=job).json()["task_id"])
    return service, known


def finish(service: Service, job_id: str) -> None:
    def ended() -> Any:
        job = service.http.get(f"/api/jobs/{job_id}").json()
        return job if job["finished_at"] else None

    assert until(ended, 180, "the job's end")["state"] == "completed"


def cluster(service: Service, min_faces: int) -> None:
    finish(service, service.http.post("/api/people/cluster", json={"min_faces": min_faces}).json()["task_id"])


def by_photo(service: Service) -> dict[str, set[str]]:
    """Photo's name -> ids of people on it."""
    found: dict[str, set[str]] = defaultdict(set)
    for person in service.http.get("/api/people").json()["items"]:
        for face in service.http.get(f"/api/people/{person['id']}").json()["faces"]:
            found[face["name"]].add(person["id"])
    return found


def test_known_people_are_found_and_decisions_are_kept(people: tuple[Service, dict[str, list[str]]]) -> None:
    service, known = people
    cluster(service, 2)
    found = by_photo(service)
    several = {name: files for name, files in known.items() if len(files) > 1}
    together = [name for name, files in several.items() if set.intersection(*(found[file] for file in files))]
    assert len(together) >= 5, found
    of = {name: set.intersection(*(found[file] for file in several[name])) for name in together}
    assert len(set.union(*of.values())) == len(together), "two people are taken for one"

    first, second = (next(iter(of[name])) for name in together[:2])
    named = service.http.patch(f"/api/people/{first}", json={"name": "Anna"}).json()
    assert named["name"] == "Anna"
    box = named["faces"][0]["box"]
    assert box[0] < box[2]
    merged = service.http.post(f"/api/people/{first}/merge", json={"people": [second]}).json()
    assert merged["count"] == len(merged["faces"])
    part = [face["id"] for face in merged["faces"] if face["name"] in several[together[1]]]
    split = service.http.post(f"/api/people/{first}/split", json={"faces": part})
    assert (split.status_code, split.json()["count"]) == (201, len(part))
    before = by_photo(service)
    cluster(service, 2)
    assert by_photo(service) == before
    assert service.http.get(f"/api/people/{first}").json()["name"] == "Anna"
    assert service.http.get(f"/api/people/{second}").status_code == 404
    covers = [person["cover"] for person in service.http.get("/api/people").json()["items"]]
    assert all(len(cover["sha256"]) == 64 and len(cover["box"]) == 4 for cover in covers)
