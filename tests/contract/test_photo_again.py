"""One known photo again, over HTTP."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e
NOBODY = "0" * 64


class Album:
    """A folder of the service's library that was rescanned."""

    def __init__(self, service: Service, name: str) -> None:
        self.http = service.http
        self.folder = service.library / name
        self.folder.mkdir()

    def scan(self, **more: Any) -> str:
        asked = {"library": str(self.folder), "tasks": ["ocr"], **more}
        job = str(self.http.post("/api/jobs", json=asked).raise_for_status().json()["task_id"])
        until(lambda: self.http.get(f"/api/jobs/{job}").json()["finished_at"], 60, "the rescan's end")
        return job

    def line(self, job: str) -> Any:
        text = self.http.get(f"/api/jobs/{job}/results").text
        return json.loads(text.splitlines()[0])


@pytest.fixture
def album(service: Service, tmp_path: Path) -> Album:
    return Album(service, f"again-{tmp_path.name}")


def error(answer: httpx.Response, status: int) -> Any:
    assert answer.status_code == status, answer.text
    said = answer.json()["error"]
    assert said["message"]
    return said


def test_a_photo_done_again_is_answered_as_it_is_known(album: Album) -> None:
    (album.folder / "a.png").write_bytes(picture(500, 120, "Platform 9", seed=910))
    job = album.scan()
    sha = album.line(job)["sha256"]
    known = album.http.get(f"/api/photos/{sha}").raise_for_status().json()
    assert (known["name"], known["library"]) == ("a.png", str(album.folder))
    assert known["path"] == str(album.folder / "a.png")
    assert "9" in known["results"]["ocr"]["text"]
    assert known["models"] == {"ocr": "PP-OCRv6_small"}
    again = album.http.post(f"/api/photos/{sha}/reprocess", params={"tasks": "ocr,clip"}).raise_for_status().json()
    assert again["results"]["ocr"] == known["results"]["ocr"]
    assert len(again["results"]["clip"]["embedding"]) > 100
    assert again["history"] == []  # it read the same
    assert [each["kind"] for each in again["tasks_by_job"]] == ["reprocess", "library"]
    assert again == album.http.get(f"/api/photos/{sha}").json()


def test_as_a_job_it_is_202(album: Album) -> None:
    (album.folder / "a.png").write_bytes(picture(seed=911))
    sha = album.line(album.scan())["sha256"]
    asked = {"headers": {"Prefer": "respond-async"}, "params": {"tasks": "ocr"}}
    answer = album.http.post(f"/api/photos/{sha}/reprocess", **asked)
    assert answer.status_code == 202
    assert (answer.json()["kind"], answer.json()["priority"]) == ("reprocess", "interactive")
    job = answer.json()["task_id"]
    until(lambda: album.http.get(f"/api/jobs/{job}").json()["finished_at"], 60, "its end")
    assert album.line(job)["status"] == "done"


def test_what_does_not_fit_is_refused(album: Album) -> None:
    (album.folder / "a.png").write_bytes(picture(seed=912))
    sha = album.line(album.scan())["sha256"]

    def ask(**params: str) -> httpx.Response:
        return album.http.post(f"/api/photos/{sha}/reprocess", params=params)

    assert error(ask(tasks="dance"), 400)["code"] == "unknown_task"
    assert "ocr, clip" in error(ask(tasks="ocr,clip", model="small"), 400)["message"]
    assert error(ask(tasks="ocr", model="nobody-knows-it"), 400)["code"] == "model_unknown"
    missing = error(ask(tasks="ocr", model="PP-OCRv5_server"), 503)
    assert missing["code"] == "model_missing"
    assert "darkroom models pull PP-OCRv5_server" in missing["message"]
    assert album.http.get(f"/api/photos/{sha}").json()["history"] == []


def test_who_is_unknown_is_404_and_who_is_no_sha256_is_400(service: Service) -> None:
    base = f"/api/photos/{NOBODY}"
    assert error(service.http.get(base), 404)["code"] == "photo_not_found"
    assert error(service.http.get(f"{base}/picture"), 404)["code"] == "photo_not_found"
    assert error(service.http.post(f"{base}/reprocess"), 404)["code"] == "photo_not_found"
    assert error(service.http.put(f"{base}/text", json={"text": "a"}), 404)["code"] == "photo_not_found"
    assert error(service.http.post(f"{base}/restore", json={"history": 1}), 404)["code"] == "history_not_found"
    for wrong in ("A" * 64, "0" * 63, "..%2f..%2fetc"):
        assert service.http.get(f"/api/photos/{wrong}/picture").status_code in (400, 404)


def test_a_correction_is_shown_first_and_stays(album: Album) -> None:
    (album.folder / "a.png").write_bytes(picture(500, 120, "Platform 9", seed=913))
    job = album.scan()
    sha = album.line(job)["sha256"]
    put = album.http.put(f"/api/photos/{sha}/text", json={"text": "Platform nine\u0000 and 3/4"})
    assert put.raise_for_status().json()["correction"]["text"] == "Platform nine and 3/4"
    again = album.scan(force=True)
    for each in (job, again):
        line = album.line(each)
        assert line["correction"]["text"] == "Platform nine and 3/4"
        assert "9" in line["results"]["ocr"]["text"]
        assert "Platform nine and 3/4" in album.http.get(f"/api/jobs/{each}/results.csv").text
    assert album.http.delete(f"/api/photos/{sha}/text").raise_for_status().json()["correction"] is None
    assert "correction" not in album.line(job)
    assert "nine" not in album.http.get(f"/api/jobs/{job}/results.csv").text
    assert error(album.http.put(f"/api/photos/{sha}/text", json={"text": "x" * 2**20}), 413)["code"] == "too_large"
    assert error(album.http.put(f"/api/photos/{sha}/text", json={"words": "x"}), 400)["code"] == "bad_request"


def test_search_looks_through_the_correction_in_place_of_what_was_read(album: Album) -> None:
    (album.folder / "a.png").write_bytes(picture(500, 120, "Platform", seed=919))
    sha = album.line(album.scan())["sha256"]

    def found(words: str) -> list[str]:
        asked = {"q": words, "mode": "text", "library": str(album.folder)}
        answer = album.http.get("/api/search", params=asked).raise_for_status()
        return [item["sha256"] for item in answer.json()["items"]]

    assert (found("platform"), found("Gleis")) == ([sha], [])
    album.http.put(f"/api/photos/{sha}/text", json={"text": "Gleis neun"}).raise_for_status()
    assert (found("platform"), found("Gleis")) == ([], [sha])
    album.http.post(f"/api/photos/{sha}/reprocess", params={"model": "PP-OCRv5_mobile"}).raise_for_status()
    assert (found("platform"), found("Gleis")) == ([], [sha])
    album.http.delete(f"/api/photos/{sha}/text").raise_for_status()
    assert (found("platform"), found("Gleis")) == ([sha], [])


def test_the_picture_is_small_and_kept(album: Album) -> None:
    (album.folder / "a.jpg").write_bytes(picture(1600, 1000, "Wide", seed=914, form="JPEG"))
    sha = album.line(album.scan())["sha256"]
    first = album.http.get(f"/api/photos/{sha}/picture", params={"size": 320}).raise_for_status()
    assert (first.headers["content-type"], first.headers["cache-control"]) == ("image/jpeg", "private, max-age=600")
    assert Image.open(io.BytesIO(first.content)).size == (320, 200)
    assert album.http.get(f"/api/photos/{sha}/picture", params={"size": 320}).content == first.content
    tag = first.headers["etag"]
    same = album.http.get(f"/api/photos/{sha}/picture", params={"size": 320}, headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    other = album.http.get(f"/api/photos/{sha}/picture", params={"size": 64}, headers={"If-None-Match": tag})
    assert Image.open(io.BytesIO(other.content)).size == (64, 40)
    assert error(album.http.get(f"/api/photos/{sha}/picture", params={"size": 9000}), 400)["code"] == "bad_request"


def test_bytes_that_are_gone_or_changed_are_said_to_be(album: Album) -> None:
    file = album.folder / "a.png"
    file.write_bytes(picture(seed=915))
    sha = album.line(album.scan())["sha256"]
    album.http.get(f"/api/photos/{sha}/picture").raise_for_status()
    file.write_bytes(picture(seed=916))
    changed = error(album.http.post(f"/api/photos/{sha}/reprocess"), 409)
    assert (changed["code"], "Rescan" in changed["hint"]) == ("photo_changed", True)
    file.unlink()
    gone = error(album.http.post(f"/api/photos/{sha}/reprocess"), 410)
    assert (gone["code"], "send it again" in gone["hint"]) == ("photo_gone", True)
    assert error(album.http.get(f"/api/photos/{sha}/picture"), 410)["code"] == "photo_gone"
    assert album.http.get(f"/api/photos/{sha}").status_code == 200


def test_a_file_that_became_a_way_out_is_not_read(album: Album, tmp_path: Path) -> None:
    data = picture(seed=917)
    file = album.folder / "a.png"
    file.write_bytes(data)
    sha = album.line(album.scan())["sha256"]
    outside = tmp_path / "private.png"
    outside.write_bytes(data)
    file.unlink()
    file.symlink_to(outside)
    assert error(album.http.post(f"/api/photos/{sha}/reprocess"), 403)["code"] == "path_not_allowed"
    assert error(album.http.get(f"/api/photos/{sha}/picture"), 403)["code"] == "path_not_allowed"


def test_an_upload_is_done_again_while_it_is_kept(service: Service) -> None:
    files = {"files": ("b.png", picture(seed=918))}
    job = service.http.post("/api/jobs", files=files, data={"tasks": "ocr"}).raise_for_status().json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["finished_at"], 60, "its end")
    sha = json.loads(service.http.get(f"/api/jobs/{job}/results").text)["sha256"]
    again = service.http.post(f"/api/photos/{sha}/reprocess").raise_for_status().json()
    assert (again["name"], again["library"], again["path"]) == ("b.png", "", None)
    assert service.http.get(f"/api/photos/{sha}/picture").status_code == 200
