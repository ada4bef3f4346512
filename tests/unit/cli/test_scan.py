"""`darkroom scan` and `darkroom jobs` in a pipe, against a real HTTP server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import pictures
from cli.client import Client
from cli.main import app
from cli.submit import Submitter
from tests.unit.cli.conftest import Service, error


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def lines(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    (folder / "sub").mkdir(parents=True)
    for name in ("b.jpg", "a.PNG", "sub/c.webp", "notes.txt", ".hidden.jpg"):
        (folder / name).write_bytes(b"bytes of " + name.encode())
    return folder


def test_in_a_pipe_there_is_one_result_a_line_and_nothing_else(service: Service, album: Path) -> None:
    result = run("scan", album)
    assert result.exit_code == 0, result.stderr
    assert [line["name"] for line in lines(result)] == ["a.PNG", "b.jpg", "sub/c.webp"]
    assert {line["type"] for line in lines(result)} == {"item"}


def test_a_folder_is_read_by_the_service_itself_where_it_may(service: Service, album: Path) -> None:
    service.libraries = True
    result = run("scan", album)
    assert [line["name"] for line in lines(result)] == [f"{album}/a.jpg"]
    assert len([1 for method, _ in service.seen if method == "POST"]) == 1


def test_a_folder_that_the_service_may_not_read_is_uploaded_and_that_is_said(service: Service, album: Path) -> None:
    result = run("scan", album)
    assert service.uploads == [["a.PNG", "b.jpg", "sub/c.webp"]]
    assert "LIBRARY_ROOTS" in result.stderr


def test_without_recursion_folders_inside_are_left_out(service: Service, album: Path) -> None:
    run("scan", album, "--no-recursive")
    assert service.uploads == [["a.PNG", "b.jpg"]]


def test_a_file_that_is_named_is_sent_whatever_its_suffix(service: Service, album: Path) -> None:
    run("scan", album / "notes.txt")
    assert service.uploads == [["notes.txt"]]


def test_output_takes_the_lines_and_the_pipe_stays_empty(service: Service, album: Path, tmp_path: Path) -> None:
    result = run("scan", album, "--output", tmp_path / "out.ndjson")
    assert result.stdout == ""
    written = (tmp_path / "out.ndjson").read_text().splitlines()
    assert [json.loads(line)["name"] for line in written] == ["a.PNG", "b.jpg", "sub/c.webp"]


def test_a_failed_photo_makes_the_exit_status_1(service: Service, album: Path) -> None:
    service.failing = {"b.jpg"}
    result = run("scan", album)
    assert result.exit_code == 1
    assert [line["status"] for line in lines(result)] == ["done", "failed", "done"]


def test_without_waiting_only_the_jobs_are_named(service: Service, album: Path) -> None:
    result = run("scan", album, "--no-wait")
    assert lines(result) == [{"task_id": "job1"}]
    assert not [path for _, path in service.seen if "events" in path]


def test_a_path_that_is_not_there_is_an_error_of_use(service: Service, tmp_path: Path) -> None:
    assert run("scan", tmp_path / "nowhere").exit_code == 2
    assert service.seen == []


def test_a_full_queue_is_waited_for_as_long_as_it_asks(service: Service, album: Path) -> None:
    service.refusals = [(429, {"Retry-After": "3"}, error("queue_full", "Full."))] * 2
    naps: list[float] = []
    with Client() as client:
        jobs = list(Submitter(client, ["ocr"], sleep=naps.append).jobs(album / "b.jpg"))
    assert (jobs, naps) == (["job1"], [3, 3])


def test_an_upload_that_is_too_large_is_halved_and_what_never_fits_is_a_failed_photo(
    service: Service, album: Path
) -> None:
    service.largest = 1
    result = run("scan", album)
    assert service.uploads == [["a.PNG"], ["b.jpg"], ["sub/c.webp"]]
    assert result.exit_code == 0
    service.largest = 0
    result = run("scan", album)
    assert result.exit_code == 1
    assert {json.dumps(line["error"]) for line in lines(result)} == {
        '{"code": "too_large", "message": "The upload is over 1 MiB."}'
    }


def test_an_unreadable_file_fails_alone(service: Service, album: Path) -> None:
    (album / "b.jpg").unlink()
    (album / "b.jpg").symlink_to(album / "gone.jpg")
    result = run("scan", album)
    assert {line["name"]: line["status"] for line in lines(result)} == {
        "a.PNG": "done",
        "b.jpg": "failed",
        "sub/c.webp": "done",
    }


def test_uploads_are_bounded_in_number_and_in_bytes(album: Path) -> None:
    files = list(pictures.find(album))
    assert [len(group) for group in pictures.batches(files, most=2)] == [2, 1]
    assert [len(group) for group in pictures.batches(files, most_bytes=1)] == [1, 1, 1]
    assert [len(group) for group in pictures.batches(files)] == [3]


def test_the_same_files_count_as_pictures_here_and_in_a_library_job() -> None:
    from tasks.library import walk

    assert pictures.SUFFIXES == walk.SUFFIXES


def test_watching_a_job_prints_its_results(service: Service, album: Path) -> None:
    run("scan", album, "--no-wait")
    result = run("jobs", "watch", "job1")
    assert [line["name"] for line in lines(result)] == ["a.PNG", "b.jpg", "sub/c.webp"]


def test_patterns_mean_the_same_for_a_folder_that_is_uploaded_and_one_that_the_service_reads(
    service: Service, album: Path
) -> None:
    words = ("--include", "*.PNG", "--include", "sub/*", "--include", "*.txt", "--exclude", "notes*")
    run("scan", album, *words)
    assert service.uploads == [["a.PNG", "sub/c.webp"]]
    run("scan", album, "--exclude", "sub")
    assert service.uploads[1:] == [["a.PNG", "b.jpg"]]
    assert service.requests[0]["include"] == ["*.PNG", "sub/*", "*.txt"]
    assert [request["exclude"] for request in service.requests] == [["notes*"], ["sub"]]


def test_a_name_that_could_not_be_listed_is_said_beside_the_results(service: Service, album: Path) -> None:
    service.jobs["job1"] = [
        {"seq": 1, "task_id": "job1", "type": "warning", "name": "x.jpg", "code": "dead_link", "message": "Nothing."},
        {"seq": 2, "task_id": "job1", "type": "end", "state": "completed", "counts": {"total": 0}},
    ]
    result = run("jobs", "watch", "job1")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "x.jpg: Nothing." in result.stderr.splitlines()


def test_a_batch_is_handed_in_from_a_file_or_from_stdin_and_its_job_is_named(service: Service, tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"path": "/p/1.jpg"}\n{"path": "/p/2.jpg"}\n')
    assert lines(run("jobs", "submit", batch)) == [{"task_id": "job1"}]
    piped = CliRunner().invoke(app, ["jobs", "submit", "-"], input='{"path": "/p/3.jpg"}\n')
    assert lines(piped) == [{"task_id": "job2"}]
    assert service.uploads == [["/p/1.jpg", "/p/2.jpg"], ["/p/3.jpg"]]


def test_an_export_is_named_by_one_of_three_endings(service: Service, tmp_path: Path) -> None:
    run("scan", tmp_path, "--no-wait")
    assert run("jobs", "export", "job1", tmp_path / "all.xlsx").exit_code == 2
    for kind in ("jsonl", "csv", "parquet"):
        run("jobs", "export", "job1", tmp_path / f"all.{kind}")
        assert service.seen[-1] == ("GET", f"/api/jobs/job1/results.{kind}")
