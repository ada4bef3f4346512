"""Darkroom's own API: one photo, jobs, frames, health."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


def post_photo(service: Service, data: bytes, tasks: str = "ocr", **more: Any) -> httpx.Response:
    return service.http.post(f"/api/photos?tasks={tasks}", files={"file": ("photo.png", data)}, **more)


def frames(service: Service, job: str, after: int = 0) -> list[dict[str, Any]]:
    with service.http.stream("GET", f"/api/jobs/{job}/events?after={after}") as answer:
        assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
        return [json.loads(line) for line in answer.iter_lines() if line]


def upload_job(service: Service, count: int, tasks: str = "probe", first: int = 0) -> str:
    files = [("files", (f"{n}.png", picture(seed=first + n))) for n in range(count)]
    answer = service.http.post("/api/jobs", files=files, data={"tasks": tasks})
    assert answer.status_code == 202, answer.text
    task_id: str = answer.json()["task_id"]
    return task_id


def test_a_photo_is_answered_when_it_is_done_and_from_memory_the_next_time(service: Service) -> None:
    data = picture(600, 200, "Platform 7", seed=3)
    first = post_photo(service, data).json()
    assert set(first) == {"sha256", "width", "height", "results", "models", "cached", "timing"}
    assert (first["width"], first["height"], first["cached"]) == (600, 200, [])
    line = first["results"]["ocr"]["lines"][0]
    assert set(line) == {"text", "score", "box"}
    assert len(line["box"]) == 4
    assert "7" in first["results"]["ocr"]["text"]
    again = until(lambda: (a := post_photo(service, data).json())["cached"] and a, 10, "an answer from memory")
    assert again["results"] == first["results"]


def test_respond_async_makes_it_a_job_that_can_be_polled(service: Service) -> None:
    answer = post_photo(service, picture(600, 200, "Later", seed=4), headers={"Prefer": "respond-async"})
    assert answer.status_code == 202
    task_id = answer.json()["task_id"]

    def polled() -> Any:
        body = service.http.get(f"/result/{task_id}").json()
        return body if body["status"] == "completed" else None

    body = until(polled, 30, "the result")
    assert set(body) == {"task_id", "status", "result", "error"}
    assert body["result"]["items"][0]["results"]["ocr"]["text"] == "Later"


def test_frames_are_numbered_without_gaps_and_resume(service: Service) -> None:
    job = upload_job(service, 12)
    all_frames = frames(service, job)
    assert [frame["seq"] for frame in all_frames] == list(range(1, len(all_frames) + 1))
    assert (all_frames[0]["type"], all_frames[-1]["type"]) == ("start", "end")
    assert sorted(f["name"] for f in all_frames if f["type"] == "item") == sorted(f"{n}.png" for n in range(12))
    assert frames(service, job, after=5) == all_frames[5:]
    counts = service.http.get(f"/api/jobs/{job}").json()["counts"]
    assert (
        counts["total"]
        == counts["queued"] + counts["running"] + counts["done"] + counts["failed"] + counts["cancelled"]
    )
    lines = [json.loads(line) for line in service.http.get(f"/api/jobs/{job}/results?limit=5").text.splitlines()]
    rest = service.http.get(f"/api/jobs/{job}/results?after={lines[-1]['seq']}").text.splitlines()
    assert len(lines) == 5
    assert len(rest) == 7


def test_a_library_is_listed_and_its_bad_files_fail_alone(service: Service) -> None:
    folder = service.library / "mixed"
    (folder / "deep").mkdir(parents=True)
    (folder / "good.png").write_bytes(picture(seed=20))
    (folder / "deep" / "also.png").write_bytes(picture(seed=21))
    (folder / "bad.jpg").write_text("not a picture")
    (folder / "notes.txt").write_text("left alone")
    answer = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]})
    assert answer.status_code == 202
    items = {f["name"]: f for f in frames(service, answer.json()["task_id"]) if f["type"] == "item"}
    assert set(items) == {"good.png", "deep/also.png", "bad.jpg"}
    assert items["bad.jpg"]["status"] == "failed"
    assert items["bad.jpg"]["error"]["code"] == "not_a_picture"
    job = service.http.get(f"/api/jobs/{answer.json()['task_id']}").json()
    assert (job["state"], job["counts"]["failed"]) == ("completed", 1)


def test_a_job_is_cancelled_at_once_and_a_second_time_is_409(service: Service) -> None:
    folder = service.library / "many"
    folder.mkdir()
    big = picture(3000, 3000)
    for number in range(60):
        (folder / f"{number}.png").write_bytes(big + bytes([number]))
    job = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["counts"]["done"], 30, "some work")
    assert service.http.post(f"/api/jobs/{job}/pause").json()["state"] == "paused"
    assert service.http.post(f"/api/jobs/{job}/resume").json()["state"] == "running"
    assert service.http.post(f"/api/jobs/{job}/cancel").json()["state"] == "cancelled"
    assert service.http.post(f"/api/jobs/{job}/cancel").status_code == 409
    assert frames(service, job)[-1]["type"] == "end"


def bomb() -> bytes:
    return (
        b"GIF89a\xff\xff\xff\xff\x00\x00\x00"
        + b"!\xf9\x04\x00\x00\x00\x00\x00"
        + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;"
    )


BAD = {
    "empty": (b"", 415, "not_a_picture"),
    "text": (b"hello, I am a text named .jpg", 415, "not_a_picture"),
    "truncated": (picture(800, 600, "cut", form="JPEG")[:4000], 422, "picture_undecodable"),
    "bomb": (bomb(), 422, "picture_out_of_range"),
    "wide": (picture(12_000, 4), 422, "picture_out_of_range"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_picture_has_its_status_and_the_next_request_is_served(service: Service, name: str) -> None:
    data, status, code = BAD[name]
    answer = post_photo(service, data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert post_photo(service, picture(seed=30), "probe").status_code == 200


def test_an_upload_over_the_limit_is_refused(service: Service) -> None:
    answer = post_photo(service, b"x" * (65 * 2**20))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert post_photo(service, picture(seed=31), "probe").status_code == 200


def test_paths_outside_the_roots_are_refused_also_through_a_link(service: Service, tmp_path: Path) -> None:
    (service.library / "out").symlink_to(tmp_path)
    for path in ("/etc", str(service.library / ".." / ".."), str(service.library / "out"), "relative"):
        answer = service.http.post("/api/jobs", json={"library": path, "tasks": ["ocr"]})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "path_not_allowed"), path
    answer = service.http.post("/api/jobs", json={"library": str(service.library / "none"), "tasks": ["ocr"]})
    assert answer.status_code == 404


def test_a_wrong_key_is_401_from_anywhere_and_a_page_of_another_origin_needs_one(service: Service) -> None:
    assert post_photo(service, picture(), headers={"api-key": "wrong"}).status_code == 401
    assert post_photo(service, picture(), headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert post_photo(service, picture(), headers={"Origin": "https://evil.example"}).status_code == 401
    assert post_photo(service, picture(), headers={"Host": "evil.example"}).status_code == 401
    right = {"api-key": "mt_photos_ai_extra", "Host": "evil.example"}
    assert post_photo(service, picture(), "probe", headers=right).status_code == 200


def test_a_task_that_does_not_exist_is_400(service: Service) -> None:
    answer = post_photo(service, picture(), "astrology")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_task")
    answer = service.http.post("/api/jobs", json={"library": str(service.library), "tasks": ["astrology"]})
    assert answer.status_code == 400
    assert service.http.post("/api/jobs", content=b"{", headers={"content-type": "application/json"}).status_code == 400


@pytest.mark.parametrize("path", ["/api/jobs/none", "/api/jobs/none/events", "/result/none", "/nowhere"])
def test_what_is_not_there_is_404_in_our_form(service: Service, path: str) -> None:
    answer = service.http.get(path)
    assert answer.status_code == 404
    assert set(answer.json()["error"]) >= {"code", "message"}


def test_health_and_metrics(service: Service) -> None:
    assert service.http.get("/livez").json() == {"alive": True}
    ready = service.http.get("/readyz?require=ocr")
    assert ready.status_code == 200
    assert ready.json()["capabilities"]["ocr"]["model"] == "PP-OCRv6_small"
    assert service.http.get("/readyz?require=ocr,smell").status_code == 503
    text = service.http.get("/metrics").text
    for name in (
        "darkroom_queue_depth{",
        "darkroom_workers{",
        "darkroom_queue_wait_seconds_bucket{",
        "http_requests_total{",
    ):
        assert name in text
