"""The HTTP process by itself: its memory while nobody reads, and what it says while the broker is away."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tasks import results
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store.session import Store, migrate
from tests.conftest import picture, until

pytestmark = pytest.mark.e2e
MIB = 2**20
ITEMS = 1500
SLOW_READERS = 6
LINE = {"text": "x" * 1000, "score": 0.9, "box": [[0, 0], [1, 0], [1, 1], [0, 1]], "box_score": 0.9}


class Alone:
    """An API without broker and workers, and its store."""

    def __init__(self, home: Path) -> None:
        migrate(f"sqlite:///{home / 'darkroom.db'}")
        self.jobs = Jobs(Store(f"sqlite:///{home / 'darkroom.db'}"))
        listener = socket.create_server(("127.0.0.1", 0))
        command = [sys.executable, "-m", "uvicorn", "api.main:create_app", "--factory", "--fd", str(listener.fileno())]
        env = {**os.environ, "DARKROOM_HOME": str(home), "ENABLE_PROBE": "on", "MAX_UPLOAD_MB": "1"}
        self.child = subprocess.Popen(
            [*command, "--log-level", "warning"], env=env, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL
        )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60)
        listener.close()
        self.process = psutil.Process(self.child.pid)

    def stop(self) -> None:
        self.http.close()
        self.child.terminate()
        self.child.wait(20)
        self.jobs.store.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    made = Alone(tmp_path_factory.mktemp("alone"))
    assert made.http.get("/livez").status_code == 200
    yield made
    made.stop()


def long_job(jobs: Jobs) -> str:
    """A finished job whose frames are about 75 MB."""
    job = jobs.create("photos", ["ocr"], new_items=[NewItem(f"p{n}", path=f"/p{n}") for n in range(ITEMS)])
    lease = jobs.draw("w/1#1", "bulk", ITEMS, 600)
    assert lease is not None
    key = results.keep(jobs.store, "a" * 64, Finding("ocr", "m", "r", 9, 9, {"lines": [LINE] * 50}))
    for item in lease.items:
        jobs.finish(item.id, Outcome(results={"ocr": key}, sha256="a" * 64, width=9, height=9))
    return job


def test_readers_that_do_not_read_cost_little_memory_and_miss_nothing(alone: Alone) -> None:
    job = long_job(alone.jobs)
    before = alone.process.memory_info().rss
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(alone.http.stream("GET", f"/api/jobs/{job}/events")) for _ in range(SLOW_READERS)]
        slow_lines = [answer.iter_lines() for answer in slow]
        firsts = [json.loads(next(lines))["seq"] for lines in slow_lines]
        highest, size, seqs = 0, 0, []
        with alone.http.stream("GET", f"/api/jobs/{job}/events") as quick:
            for line in quick.iter_lines():
                size += len(line)
                seqs.append(json.loads(line)["seq"])
                if len(seqs) % 50 == 0:
                    highest = max(highest, alone.process.memory_info().rss)
        rest = [json.loads(line)["seq"] for line in slow_lines[0] if line]
    assert size > 70 * MIB
    grown = (highest - before) / MIB
    assert grown < 120, f"grew by {grown:.0f} MiB for {SLOW_READERS} times {size // MIB} MiB of frames"
    assert [firsts[0], *rest] == seqs == list(range(1, len(seqs) + 1))


def test_without_a_broker_it_lives_and_says_what_is_missing(alone: Alone) -> None:
    assert alone.http.get("/livez").status_code == 200
    ready = alone.http.get("/readyz")
    assert ready.status_code == 503
    body = ready.json()
    assert body["ready"] is False
    assert (body["parts"]["broker"]["state"], body["parts"]["store"]["state"]) == ("down", "ok")
    assert body["parts"]["broker"]["reason"]
    assert alone.http.get("/metrics").status_code == 200


@pytest.mark.parametrize("path", ["/api/queues", "/api/models", "/api/devices"])
def test_what_needs_the_broker_is_503_in_our_form(alone: Alone, path: str) -> None:
    answer = alone.http.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "broker_down")


def test_a_photo_is_503_at_once_and_a_job_is_kept_for_later(alone: Alone) -> None:
    answer = alone.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())}, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "broker_down")
    key = {"api-key": "mt_photos_ai_extra"}
    answer = alone.http.post("/ocr", files={"file": ("a.png", picture())}, headers=key, timeout=10)
    assert (answer.status_code, answer.json()["result"]) == (200, [])
    answer = alone.http.post("/api/jobs", files={"files": ("a.png", picture())}, data={"tasks": "probe"}, timeout=20)
    assert answer.status_code == 202
    job = answer.json()["task_id"]
    assert alone.http.get(f"/result/{job}").json()["status"] == "processing"
    assert alone.http.post(f"/api/jobs/{job}/cancel").json()["state"] == "cancelled"


def test_an_upload_of_unknown_length_is_refused_while_it_comes_in(alone: Alone) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        while sent < 200 * MIB:
            sent += MIB
            yield b"x" * MIB

    before = alone.process.memory_info().rss
    answer = alone.http.post(
        "/api/photos?tasks=probe",
        content=endless(),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert sent < 100 * MIB
    assert alone.process.memory_info().rss - before < 30 * MIB
    until(lambda: alone.http.get("/livez").status_code == 200, 5, "the next answer")
