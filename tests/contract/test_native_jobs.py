"""Jobs over HTTP: options, lists, retries, and forms that are wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


def submit(service: Service, files: list[tuple[str, bytes]], **form: str) -> Any:
    parts = [("files", file) for file in files]
    answer = service.http.post("/api/jobs", files=parts, data={"tasks": "probe", **form})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/jobs/{answer.json()['task_id']}"
    return answer.json()


def ended(service: Service, job: str) -> Any:
    def look() -> Any:
        body = service.http.get(f"/api/jobs/{job}").json()
        return body if body["finished_at"] else None

    return until(look, 30, "the job's end")


def results(service: Service, job: str) -> list[Any]:
    answer = service.http.get(f"/api/jobs/{job}/results")
    assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_job_has_the_promised_fields(service: Service) -> None:
    options = json.dumps({"custom_id": "album 7", "priority": "interactive"})
    job = submit(service, [("a.png", picture(seed=40))], options=options)
    promised = {"task_id", "kind", "state", "tasks", "counts", "created_at", "started_at", "finished_at"}
    assert set(job) >= promised | {"rate_per_s", "eta_s", "links"}
    assert set(job["counts"]) >= {"total", "queued", "running", "done", "failed", "cached"}
    assert (job["custom_id"], job["priority"], job["tasks"]) == ("album 7", "interactive", ["probe"])
    end = ended(service, job["task_id"])
    assert end["state"] == "completed"
    assert end["created_at"] <= end["started_at"] <= end["finished_at"]
    for name in ("self", "events", "results", "result"):
        assert service.http.get(end["links"][name]).status_code == 200


def test_a_results_line_has_the_promised_fields(service: Service) -> None:
    job = submit(service, [("good.png", picture(seed=41)), ("bad.jpg", b"no picture")])["task_id"]
    ended(service, job)
    lines = {line["name"]: line for line in results(service, job)}
    for line in lines.values():
        assert set(line) >= {"seq", "item_id", "name", "sha256", "status", "results", "error"}
        assert len(line["sha256"]) == 64
    assert (lines["good.png"]["status"], lines["good.png"]["error"]) == ("done", None)
    assert lines["bad.jpg"]["status"] == "failed"
    assert set(lines["bad.jpg"]["error"]) >= {"code", "message"}


def test_the_frames_item_is_the_results_line(service: Service) -> None:
    job = submit(service, [(f"{n}.png", picture(seed=50 + n)) for n in range(3)])["task_id"]
    ended(service, job)
    text = service.http.get(f"/api/jobs/{job}/events?follow=false").text
    items = [frame for frame in map(json.loads, text.splitlines()) if frame["type"] == "item"]
    for item, line in zip(items, results(service, job), strict=True):
        assert {key: item[key] for key in line} == line


def test_a_failed_photo_is_retried_when_its_cause_is_gone(service: Service) -> None:
    folder = service.library / "mended"
    folder.mkdir()
    (folder / "photo.png").write_bytes(b"still copying")
    job = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}).json()["task_id"]
    assert ended(service, job)["counts"]["failed"] == 1
    (folder / "photo.png").write_bytes(picture(seed=60))
    assert service.http.post(f"/api/jobs/{job}/retry").status_code == 200
    counts = ended(service, job)["counts"]
    assert (counts["total"], counts["done"], counts["failed"]) == (1, 1, 0)
    frames = [json.loads(line) for line in service.http.get(f"/api/jobs/{job}/events").text.splitlines() if line]
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    assert [frame["status"] for frame in frames if frame["type"] == "item"] == ["failed", "done"]
    assert [frame["type"] for frame in frames].count("end") == 2
    again = service.http.post(f"/api/jobs/{job}/retry")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "wrong_state")


def test_a_job_of_known_photos_is_done_without_looking_unless_forced(service: Service) -> None:
    data = picture(600, 200, "Known by now", seed=61)
    first = service.http.post("/api/photos?tasks=ocr", files={"file": ("a.png", data)}).json()
    until(
        lambda: service.http.post("/api/photos?tasks=ocr", files={"file": ("a.png", data)}).json()["cached"],
        10,
        "an answer from memory",
    )
    job = submit(service, [("a.png", data)], tasks="ocr")["task_id"]
    counts = ended(service, job)["counts"]
    assert (counts["done"], counts["cached"]) == (1, 1)
    assert results(service, job)[0]["results"] == first["results"]
    forced = submit(service, [("a.png", data)], tasks="ocr", options='{"force": true}')["task_id"]
    counts = ended(service, forced)["counts"]
    assert (counts["done"], counts["cached"]) == (1, 0)


def test_the_same_text_comes_by_every_way(service: Service) -> None:
    data = picture(800, 200, "Harbour Street 12", seed=62)
    native = service.http.post("/api/photos?tasks=ocr&cache=false", files={"file": ("a.png", data)}).json()
    key = {"api-key": "mt_photos_ai_extra"}
    mt_photos = service.http.post("/ocr", files={"file": ("a.png", data)}, headers=key).json()["result"]
    job = submit(service, [("a.png", data)], tasks="ocr", options='{"force": true}')["task_id"]
    ended(service, job)
    lines = [line["text"] for line in native["results"]["ocr"]["lines"]]
    assert lines == mt_photos["texts"]
    assert lines == [line["text"] for line in results(service, job)[0]["results"]["ocr"]["lines"]]


def test_jobs_are_listed_new_to_old_by_pages_and_by_state(service: Service) -> None:
    made = [submit(service, [("a.png", picture(seed=70 + n))])["task_id"] for n in range(3)]
    first = service.http.get("/api/jobs?limit=2").json()
    assert [job["task_id"] for job in first["items"]] == made[:0:-1]
    second = service.http.get(f"/api/jobs?limit=2&cursor={first['next']}").json()
    assert second["items"][0]["task_id"] == made[0]
    ended(service, made[-1])
    assert {job["state"] for job in service.http.get("/api/jobs?state=completed").json()["items"]} == {"completed"}


@pytest.mark.parametrize(
    "sent",
    [
        {"files": {"other": ("a.png", picture())}},
        {"files": {"files": ("a.png", picture())}, "data": {"options": "{"}},
        {"files": {"files": ("a.png", picture())}, "data": {"options": '{"nonsense": 1}'}},
        {"files": {"files": ("a.png", picture())}, "data": {"tasks": " , "}},
        {"files": {"files": ("a.png", picture())}, "data": {"options": '{"priority": "urgent"}'}},
        {"content": b"--x", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"--x\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"\xff\xd8", "headers": {"content-type": "image/jpeg"}},
        {"content": b""},
        {"json": {"tasks": ["probe"]}},
        {"json": {"library": 7}},
        {"json": ["library"]},
        {"json": {"library": "/x", "tasks": []}},
        {"json": {"library": "/x", "tasks": "probe", "include": "*.jpg"}},
    ],
    ids=lambda sent: "+".join(sent),
)
def test_a_job_of_a_wrong_shape_is_400_in_our_form(service: Service, sent: dict[str, Any]) -> None:
    answer = service.http.post("/api/jobs", **sent)
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) >= {"code", "message"}


@pytest.mark.parametrize("query", ["limit=0", "limit=many", "cursor=nonsense"])
def test_a_wrong_query_is_400_in_our_form(service: Service, query: str) -> None:
    answer = service.http.get(f"/api/jobs?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_a_wrong_method_or_action_is_refused_in_our_form(service: Service) -> None:
    assert service.http.delete("/api/jobs").json()["error"]["code"] == "method_not_allowed"
    job = submit(service, [("a.png", picture(seed=80))])["task_id"]
    answer = service.http.post(f"/api/jobs/{job}/explode")
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("~nobody-of-this-name", (403, "path_not_allowed")),
        ("/" + "a" * 5000, (403, "path_not_allowed")),
        ("\u0000", (400, "bad_request")),
    ],
)
def test_a_path_that_cannot_be_is_refused_in_our_form(service: Service, path: str, told: tuple[int, str]) -> None:
    answer = service.http.post("/api/jobs", json={"library": path, "tasks": ["probe"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == told


def test_a_file_is_no_library(service: Service) -> None:
    (service.library / "single.png").write_bytes(picture())
    answer = service.http.post("/api/jobs", json={"library": str(service.library / "single.png"), "tasks": ["probe"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "path_not_found")


def test_a_link_inside_a_library_that_leads_out_is_passed_over(service: Service, tmp_path: Path) -> None:
    folder = service.library / "links"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(picture())
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "own.png").write_bytes(picture(seed=90))
    (folder / "in.png").symlink_to(folder / "own.png")
    job = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}).json()["task_id"]
    ended(service, job)
    assert sorted(line["name"] for line in results(service, job)) == ["in.png", "own.png"]


def test_names_of_uploads_lose_their_folders_and_keep_their_letters(service: Service) -> None:
    names = ["../../etc/passwd.png", "C:\\photos\\写真.png", "ünï \U0001f4f7.png"]
    job = submit(service, [(name, picture(seed=95 + n)) for n, name in enumerate(names)])["task_id"]
    ended(service, job)
    found = {line["name"] for line in results(service, job)}
    assert found == {"passwd.png", "写真.png", "ünï \U0001f4f7.png"}


def test_the_description_of_the_api_is_served(service: Service) -> None:
    paths = service.http.get("/api/openapi.json").json()["paths"]
    assert {"/api/photos", "/api/jobs", "/api/jobs/{job_id}/events", "/result/{task_id}", "/ocr"} <= set(paths)
    assert service.http.get("/api/docs").status_code == 200
