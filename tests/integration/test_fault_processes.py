"""The whole service killed in the middle, a worker that was thought gone, and two processes of the API."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import httpx
import psutil
import pytest

from cli.supervisor import CANNOT_START
from tests.chaos.rig import Follower, expect_nothing_held, expect_whole, fill, submit
from tests.conftest import Service, picture, until
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e
PHOTOS = 150


def test_a_rescan_goes_on_when_up_was_killed_and_is_started_again(start: Start) -> None:
    service = start()
    names = fill(service.library / "job", PHOTOS)
    job = submit(service, service.library / "job")
    first = Follower(service.url, job)
    first.start()
    until(lambda: first.items >= 20, 60, "some work")
    everything = service.process.children(recursive=True)
    service.child.kill()
    service.child.wait(10)
    _, alive = psutil.wait_procs(everything, timeout=10)
    assert not alive, "no part outlives its supervisor"
    first.ended.set()
    again = start()
    second = Follower(again.url, job)
    second.frames = list(first.frames)
    second.start()
    assert second.ended.wait(120), again.log[-30:]
    expect_whole(second, names)
    expect_nothing_held(again)


def other_worker(service: Service, *options: str) -> "subprocess.Popen[bytes]":
    """A worker that nobody restarts, as on another host if it has a name of its own."""
    home = service.home
    places = {
        "REDIS_URL": f"unix://{home / 'run' / 'valkey.sock'}",
        "DATABASE_URL": f"sqlite:///{home / 'darkroom.db'}",
        "BLOB_URL": f"file://{home / 'spool'}",
    }
    command = [str(Path(sys.executable).parent / "darkroom"), "worker", "--device", "cpu", "--queues", "bulk"]
    return subprocess.Popen([*command, *options], env={**places, **service.env}, stderr=subprocess.PIPE)


def holders(service: Service) -> Counter[str]:
    """How many photos each worker holds, by its name."""
    rows = service.ask("SELECT lease_owner FROM items WHERE lease_owner IS NOT NULL")
    return Counter(owner.partition("/")[0] for (owner,) in rows)


def _stop_in_a_lease(other: "subprocess.Popen[bytes]", service: Service, follower: Follower) -> None:
    """Stop it while it holds photos, but not the database: SQLite would wait for it, and everybody with it."""

    def stopped() -> bool:
        other.send_signal(signal.SIGSTOP)
        seen = follower.items
        if holders(service)["other"]:
            with contextlib.suppress(AssertionError):
                return until(lambda: follower.items >= seen + 3, 4, "somebody else to go on")
        other.send_signal(signal.SIGCONT)
        return False

    until(stopped, 60, "a lease of the other worker")


def test_a_worker_that_comes_back_after_it_was_given_up_finishes_nothing_twice(start: Start) -> None:
    service = start(HEARTBEAT_S="0.5", LEASE_ITEMS="8")
    names = fill(service.library / "job", PHOTOS)
    other = other_worker(service, "--name", "other")
    try:
        until(lambda: "other" in service.http.get("/api/devices").text, 60, "the other worker")
        follower = Follower(service.url, submit(service, service.library / "job"))
        follower.start()
        _stop_in_a_lease(other, service, follower)
        until(lambda: not holders(service)["other"], 60, "its photos to be given to another")
        other.send_signal(signal.SIGCONT)
        assert follower.ended.wait(120), service.log[-30:]
    finally:
        other.send_signal(signal.SIGCONT)
        other.terminate()
        other.communicate(timeout=30)
    expect_whole(follower, names)
    expect_nothing_held(service)


def test_two_api_processes_serve_jobs_their_frames_and_requests_alike(start: Start) -> None:
    service = start(WEB_CONCURRENCY="2")
    assert len(service.parts("darkroom api")) == 2
    names = fill(service.library / "job", 4 * PHOTOS)  # so that it outlasts the requests
    job = submit(service, service.library / "job")
    followers = [Follower(service.url, job) for _ in range(6)]
    for follower in followers:
        follower.start()
    for width in range(100, 140):
        files = {"file": ("a.png", picture(width, 60))}
        answer = httpx.post(f"{service.url}/api/photos?tasks=probe", files=files, timeout=60)
        assert (answer.status_code, answer.json()["width"]) == (200, width)
        assert httpx.get(f"{service.url}/api/jobs/{job}", timeout=60).json()["counts"]["total"] <= len(names)
    victim = service.parts("darkroom api")[0]
    victim.kill()
    for follower in followers:
        assert follower.ended.wait(120), service.log[-30:]
        expect_whole(follower, names)
    assert any(follower.breaks for follower in followers), "some followed through the one that was killed"


def test_a_second_worker_of_one_name_is_refused_and_the_first_keeps_what_it_holds(start: Start) -> None:
    service = start(HEARTBEAT_S="2.5")
    until(lambda: "cpu.bulk@" in service.http.get("/api/devices").text, 60, "the first worker")
    names = fill(service.library / "job", PHOTOS)
    follower = Follower(service.url, submit(service, service.library / "job"))
    follower.start()
    with other_worker(service) as second:
        guard = threading.Timer(120, second.kill)
        guard.start()
        said = second.communicate()[1].decode()
        guard.cancel()
    assert second.returncode == CANNOT_START, (said, service.log[-30:])
    assert "runs already" in said
    assert "--name" in said
    assert follower.ended.wait(120), service.log[-30:]
    expect_whole(follower, names)
    assert not any("died" in line for line in service.log)
