"""Rescans, batches and exports over HTTP."""

import base64
import csv
import io
import json
import os
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


def ended(service: Service, job: str) -> Any:
    def look() -> Any:
        body = service.http.get(f"/api/jobs/{job}").json()
        return body if body["finished_at"] else None

    return until(look, 60, "the job's end")


def post_lines(service: Service, *lines: object) -> Any:
    body = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    return service.http.post("/api/jobs", content=body, headers={"Content-Type": "application/jsonl"})


@pytest.fixture
def folder(service: Service) -> Path:
    place = service.library / f"rescans-{time.time_ns()}"
    place.mkdir()
    for n in range(2):
        (place / f"{n}.png").write_bytes(picture(seed=700 + n))
        os.utime(place / f"{n}.png", (1.7e9, 1.7e9))
    return place


def test_a_batch_answers_each_line_by_its_custom_id_and_the_wrong_ones_with_their_reason(
    service: Service, folder: Path
) -> None:
    image = base64.b64encode(picture(seed=710)).decode()
    answer = post_lines(
        service,
        {"custom_id": "by path", "path": str(folder / "0.png"), "tasks": ["probe"]},
        {"custom_id": "by image", "image": f"data:image/png;base64,{image}", "tasks": ["probe"]},
        "",
        "{no json",
        "[1]",
        {"custom_id": "outside", "path": "/etc/passwd", "tasks": ["probe"]},
        {"custom_id": "url", "url": "http://127.0.0.1/a.png", "tasks": ["probe"]},
        {"custom_id": "two", "path": str(folder / "0.png"), "image": image},
        {"custom_id": "task", "path": str(folder / "0.png"), "tasks": ["nonsense"]},
        {"custom_id": "no base64", "image": "***", "tasks": ["probe"]},
    )
    assert answer.status_code == 202, answer.text
    job = answer.json()["task_id"]
    counts = ended(service, job)["counts"]
    assert (counts["total"], counts["done"], counts["failed"]) == (9, 2, 7)
    lines = [json.loads(line) for line in service.http.get(f"/api/jobs/{job}/results.jsonl").text.splitlines()]
    reasons = {line.get("custom_id", line["name"]): (line["error"] or {}).get("code") for line in lines}
    assert reasons == {
        "by path": None,
        "by image": None,
        "line 3": "bad_request",
        "line 4": "bad_request",
        "outside": "path_not_allowed",
        "url": "url_not_allowed",
        "two": "bad_request",
        "task": "unknown_task",
        "no base64": "bad_request",
    }
    assert service.http.post(f"/api/jobs/{job}/retry").status_code == 200
    assert ended(service, job)["counts"]["failed"] == 7
    again = [json.loads(line) for line in service.http.get(f"/api/jobs/{job}/results.jsonl").text.splitlines()]
    assert {line.get("custom_id", line["name"]): (line["error"] or {}).get("code") for line in again} == reasons
    rows = list(csv.DictReader(io.StringIO(service.http.get(f"/api/jobs/{job}/results.csv").text)))
    assert {row["custom_id"] for row in rows} >= {"by path", "outside"}
    assert [row["item_id"] for row in rows] == [str(line["item_id"]) for line in again]
    table = pq.read_table(io.BytesIO(service.http.get(f"/api/jobs/{job}/results.parquet").content)).to_pylist()
    # Three files of one order, that in which the photos were finished: tried again, several threads change it.
    assert [row["item_id"] for row in table] == [line["item_id"] for line in again]
    assert sorted(line["item_id"] for line in again) == sorted(line["item_id"] for line in lines)
    assert {row["custom_id"]: row["error_code"] for row in table}["outside"] == "path_not_allowed"


def test_an_empty_batch_is_refused(service: Service) -> None:
    assert post_lines(service, "", "  ").status_code == 400


def test_an_export_of_a_job_that_is_not_there_is_404(service: Service) -> None:
    for kind in ("jsonl", "csv", "parquet"):
        assert service.http.get(f"/api/jobs/none/results.{kind}").status_code == 404


def test_a_second_rescan_reads_no_photo_and_a_dry_run_says_so_before(service: Service, folder: Path) -> None:
    def post(**options: Any) -> Any:
        return service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["ocr"], **options})

    before = post(dry_run=True)
    assert before.status_code == 200
    assert before.json()["dry_run"] is True
    assert (before.json()["counts"]["total"], before.json()["counts"]["new"]) == (2, 2)
    assert ended(service, post().json()["task_id"])["counts"]["done"] == 2
    assert until(lambda: post(dry_run=True).json()["counts"]["cached"] == 2, 10, "the models are known")
    for path in folder.iterdir():  # other bytes, which would show if they were read
        path.write_bytes(b"x" * path.stat().st_size)
        os.utime(path, (1.7e9, 1.7e9))
    counts = ended(service, post().json()["task_id"])["counts"]
    assert [counts[name] for name in ("done", "cached", "unchanged", "new", "changed", "deleted")] == [2, 2, 2, 0, 0, 0]


def test_patterns_without_measure_are_refused(service: Service, folder: Path) -> None:
    for wrong in (["*"] * 101, ["x" * 1001], [""]):
        answer = service.http.post("/api/jobs", json={"library": str(folder), "include": wrong})
        assert answer.status_code == 400


def test_a_file_that_no_memory_could_hold_fails_alone_and_unread(service: Service, folder: Path) -> None:
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(100 * 2**30)
    job = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}).json()["task_id"]
    counts = ended(service, job)["counts"]
    assert (counts["done"], counts["failed"]) == (2, 1)
    lines = [json.loads(line) for line in service.http.get(f"/api/jobs/{job}/results.jsonl").text.splitlines()]
    assert {line["error"]["code"] for line in lines if line["error"]} == {"picture_out_of_range"}
    assert service.parts("worker")


def test_the_end_of_a_rescan_says_what_was_found(service: Service, folder: Path) -> None:
    def end(**options: Any) -> Any:
        body = {"library": str(folder), "tasks": ["probe"], **options}
        job = service.http.post("/api/jobs", json=body).json()["task_id"]
        ended(service, job)
        frames = service.http.get(f"/api/jobs/{job}/events").text.splitlines()
        return json.loads([line for line in frames if line][-1])

    found = ("new", "changed", "unchanged", "deleted", "warnings")
    first = end()
    assert (first["type"], [first["counts"][name] for name in found]) == ("end", [2, 0, 0, 0, 0])
    (folder / "0.png").unlink()
    (folder / "link.png").symlink_to(folder / "nothing.png")
    counts = end()["counts"]
    assert [counts[name] for name in found] == [0, 0, 1, 1, 1]


def test_the_command_line_hands_in_a_batch_scans_by_patterns_and_exports(
    service: Service, folder: Path, tmp_path: Path
) -> None:
    def darkroom(*words: str | Path, said: str | None = None) -> list[Any]:
        line = [*map(str, words), "--server", service.url]
        result = CliRunner().invoke(app, line, input=said, env={"API_AUTH_KEY": ""})
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.split("\n") if line]

    batch = json.dumps({"custom_id": "mine", "path": str(folder / "0.png"), "tasks": ["probe"]})
    (handed_in,) = darkroom("jobs", "submit", "-", said=batch)
    ended(service, handed_in["task_id"])
    darkroom("jobs", "export", handed_in["task_id"], tmp_path / "all.parquet")
    assert pq.read_table(tmp_path / "all.parquet").column("custom_id").to_pylist() == ["mine"]
    (counted,) = darkroom("scan", folder, "--dry-run", "--exclude", "0.*")
    assert counted["total"] == 1
    scanned = darkroom("scan", folder, "--tasks", "probe", "--include", "1.*", "--include", "2.*")
    assert [item["name"] for item in scanned] == ["1.png"]
