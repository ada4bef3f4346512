"""Folders to choose from, previews of photos, pages without boxes, and lists of what failed."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.conftest import Service, picture, until
from tests.pdfs import pdf

pytestmark = pytest.mark.e2e


def look(service: Service, path: str | Path = "") -> httpx.Response:
    return service.http.get("/api/libraries", params={"path": str(path)} if path else {})


def ended(service: Service, answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["finished_at"], 60, "the job's end")
    return job


def rescan(service: Service, folder: Path) -> str:
    return ended(service, service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}))


def results(service: Service, job: str, query: str = "") -> list[Any]:
    return [json.loads(line) for line in service.http.get(f"/api/jobs/{job}/results{query}").text.splitlines()]


def opened(answer: httpx.Response) -> Image.Image:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg"), answer.text
    return Image.open(io.BytesIO(answer.content))


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_roots_then_a_folder_then_back(service: Service) -> None:
    folder = service.library / "choose"
    for name in ("Zoo", "album", ".hidden", "empty"):
        (folder / name).mkdir(parents=True)
    for name in ("a.jpg", "b.PNG", ".c.jpg", "notes.txt"):
        (folder / name).touch()
    (folder / "elsewhere").symlink_to("/etc")
    root = str(service.library.resolve())
    assert look(service).json() == {
        "path": "",
        "parent": None,
        "roots": True,
        "folders": [{"name": root, "path": root}],
        "pictures": 0,
        "more": False,
    }
    assert look(service, root).json()["parent"] is None
    inside = look(service, folder).json()
    assert [each["name"] for each in inside["folders"]] == ["album", "empty", "Zoo"]
    assert (inside["pictures"], inside["parent"], inside["roots"]) == (2, root, False)
    assert look(service, inside["folders"][0]["path"]).json()["folders"] == []


def test_a_folder_outside_the_roots_is_not_looked_into(service: Service, tmp_path: Path) -> None:
    way_out = service.library / "way-out"
    way_out.symlink_to(tmp_path)
    for path in ("/etc", "/", service.library / ".." / "..", way_out, "relative", "~", "\0", "a" * 5000):
        assert refused(look(service, path)) == (403, "path_not_allowed"), path
    assert refused(look(service, service.library / "none")) == (404, "path_not_found")
    (service.library / "file.jpg").touch()
    assert refused(look(service, service.library / "file.jpg")) == (404, "path_not_found")
    key = {"api-key": "wrong"}
    assert service.http.get("/api/libraries", headers=key).status_code == 401


def test_previews_are_small_upright_and_kept_by_the_browser(service: Service) -> None:
    folder = service.library / "previews"
    folder.mkdir()
    turned = Image.new("RGB", (2000, 1000), "white")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(folder / "turned.jpg", exif=exif)
    (folder / "tiny.png").write_bytes(picture(30, 20))
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff no more")
    job = rescan(service, folder)
    ids = {line["name"]: line["item_id"] for line in results(service, job)}
    at = f"/api/jobs/{job}/artifacts/preview"
    answer = service.http.get(f"{at}/{ids['turned.jpg']}.jpg")
    assert opened(answer).size == (320, 640)
    assert answer.headers["cache-control"] == "private, max-age=3600"
    assert opened(service.http.get(f"{at}/{ids['tiny.png']}.jpg")).size == (30, 20)
    assert refused(service.http.get(f"{at}/{ids['bad.jpg']}.jpg")) == (422, "picture_undecodable")
    for item in (ids["tiny.png"] + 100_000, "999999999999999", "9" * 40, "x"):
        assert refused(service.http.get(f"{at}/{item}.jpg")) == (404, "artifact_not_found")
    other = rescan(service, folder)
    assert refused(service.http.get(f"/api/jobs/{other}/artifacts/preview/{ids['tiny.png']}.jpg"))[0] == 404
    (folder / "tiny.png").unlink()
    assert refused(service.http.get(f"{at}/{ids['tiny.png']}.jpg")) == (404, "path_not_found")


def test_a_preview_is_not_made_of_what_a_link_now_leads_to(service: Service, tmp_path: Path) -> None:
    folder = service.library / "swapped"
    folder.mkdir()
    (folder / "a.png").write_bytes(picture(seed=710))
    job = rescan(service, folder)
    item = results(service, job)[0]["item_id"]
    (tmp_path / "private.png").write_bytes(picture(seed=711))
    (folder / "a.png").unlink()
    (folder / "a.png").symlink_to(tmp_path / "private.png")
    answer = service.http.get(f"/api/jobs/{job}/artifacts/preview/{item}.jpg")
    assert refused(answer) == (403, "path_not_allowed")


def test_uploads_have_previews_too_and_failures_are_listed_alone(service: Service) -> None:
    files = [("files", (f"{n}.png", picture(900, 300, seed=720 + n))) for n in range(3)]
    files.insert(1, ("files", ("bad.jpg", b"no picture")))
    job = ended(service, service.http.post("/api/jobs", files=files, data={"tasks": "probe"}))
    item = next(line for line in results(service, job) if line["status"] == "done")
    assert opened(service.http.get(f"/api/jobs/{job}/artifacts/preview/{item['item_id']}.jpg")).size == (640, 213)
    assert [line["name"] for line in results(service, job, "?status=failed")] == ["bad.jpg"]
    assert len(results(service, job, "?status=done")) == 3
    failed = results(service, job, "?status=failed")[0]
    assert results(service, job, f"?status=failed&after={failed['seq']}") == []
    assert refused(service.http.get(f"/api/jobs/{job}/results?status=odd")) == (400, "bad_request")


def test_a_page_without_boxes_has_the_size_that_its_boxes_are_of(service: Service) -> None:
    data = pdf([["A plain page.", "With some text."], ["And one that was not asked for."]])
    job = ended(service, service.http.post("/api/documents", files={"file": ("a.pdf", data)}, data={"pages": "1"}))
    line = results(service, job)[0]
    answer = service.http.get(f"/api/jobs/{job}/artifacts/plain/page-1.jpg")
    plain, drawn = opened(answer), opened(service.http.get(f"/api/jobs/{job}/artifacts/page-1.jpg"))
    assert plain.size == drawn.size == (line["width"], line["height"])
    assert plain.tobytes() != drawn.tobytes()
    assert answer.headers["cache-control"] == "private, max-age=3600"
    for name in ("plain/page-2.jpg", "plain/page-0.jpg", f"preview/{line['item_id']}.jpg"):
        assert refused(service.http.get(f"/api/jobs/{job}/artifacts/{name}")) == (404, "artifact_not_found"), name
    kinds = [each["kind"] for each in service.http.get("/api/jobs?kind=document").json()["items"]]
    assert set(kinds) == {"document"}
    assert service.http.get(f"/api/jobs/{job}").json()["name"] == "a.pdf"
    assert refused(service.http.get("/api/jobs?kind=odd")) == (400, "bad_request")
