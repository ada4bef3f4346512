"""A photo on which a worker hangs: the process is replaced, the photo fails in the end, the rest is served."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.chaos.rig import Follower, expect_nothing_held, expect_whole, fill, submit
from tests.conftest import Service, picture, until
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e
BULK = "worker --device cpu --queues bulk"
INTERACTIVE = "worker --device cpu --queues interactive"


def make_reading_hang(file: Path) -> None:
    """Put a pipe into its place: whoever opens it waits in the kernel, as on a network drive that is gone."""
    file.unlink()
    os.mkfifo(file)


def uploads(service: Service) -> list[Path]:
    return sorted(path for path in (service.home / "spool").glob("*/*") if not path.name.startswith("."))


def test_a_photo_on_which_its_worker_hangs_fails_and_everything_beside_it_is_finished(start: Start) -> None:
    service = start(HANG_TIMEOUT_S="2")
    worker = service.part(BULK)
    worker.suspend()
    files = [("files", (f"{number}.png", picture(seed=number))) for number in range(6)]
    job = service.http.post("/api/jobs", files=files, data={"tasks": "probe"}).json()["task_id"]
    make_reading_hang(uploads(service)[0])
    worker.resume()
    follower = Follower(service.url, job)
    follower.start()
    assert follower.ended.wait(150), service.log[-30:]
    items = [frame for frame in follower.frames if frame["type"] == "item"]
    assert sorted(item["name"] for item in items) == [f"{number}.png" for number in range(6)]
    [failed] = [item["error"] for item in items if item["status"] == "failed"]
    assert failed["code"] == "worker_died"
    assert "hanging for 2 s" in failed["message"]
    assert any("hangs since" in line and f"of job {job}" in line for line in service.log), "it says at what it hung"
    assert service.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())}).status_code == 200
    expect_nothing_held(service)


def test_a_request_on_which_its_worker_hangs_is_answered_and_not_tried_for_ever(start: Start) -> None:
    service = start(HANG_TIMEOUT_S="2", QUEUE_TIMEOUT_S="2", RUN_TIMEOUT_S="60")
    worker = service.part(INTERACTIVE)
    worker.suspend()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(service.http.post, "/api/photos?tasks=probe", files={"file": ("a.png", picture())})
        [file] = until(lambda: uploads(service), 10, "the upload")
        make_reading_hang(file)
        worker.resume()
        answer = asked.result(60)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "worker_died")
    assert service.http.post("/api/photos?tasks=probe", files={"file": ("b.png", picture())}).status_code == 200
    assert sum("hangs since" in line for line in service.log) == 1


def test_a_worker_that_is_replaced_after_some_photos_loses_none_and_counts_as_no_crash(start: Start) -> None:
    service = start(WORKER_MAX_ITEMS="40", HANG_TIMEOUT_S="10")
    names = fill(service.library / "job", 150, 800, 600)
    first = service.part(BULK).pid
    follower = Follower(service.url, submit(service, service.library / "job"))
    follower.start()
    assert follower.ended.wait(150), service.log[-30:]
    expect_whole(follower, names)
    assert first not in [process.pid for process in service.parts(BULK)]
    assert any("photos: this process ends in order" in line for line in service.log)
    ends = [line for line in service.log if "it is started again in" in line]
    assert ends
    assert all("ended in order" in line and "again in 0.2 s" in line for line in ends)


def test_the_signal_that_killed_a_worker_is_in_the_error_of_its_photo(start: Start) -> None:
    service = start(MAX_ATTEMPTS="1")
    worker = service.part(BULK)
    worker.suspend()
    files = [("files", ("poison.png", picture()))]
    job = service.http.post("/api/jobs", files=files, data={"tasks": "probe"}).json()["task_id"]
    make_reading_hang(uploads(service)[0])
    worker.resume()
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["counts"]["running"], 30, "the photo's start")
    worker.send_signal(signal.SIGSEGV)
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 60, "the job's end")
    error = service.http.get(f"/api/jobs/{job}/results").json()["error"]
    assert (error["code"], "SIGSEGV" in error["message"]) == ("worker_died", True), error
