"""The service is killed in unusual moments: while it migrates, starts, lists a folder, or writes the last frame."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.chaos.rig import Follower, expect_nothing_held, expect_whole, fill, submit
from tests.conftest import Service, until
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e


def kill(service: Service) -> None:
    everything = service.process.children(recursive=True)
    service.child.kill()
    service.child.wait(10)
    _, alive = psutil.wait_procs(everything, timeout=10)
    assert not alive


@pytest.mark.parametrize("after_s", [0.4, 1.0, 2.0])
def test_a_start_that_is_killed_at_any_time_leaves_a_folder_that_starts(
    start: Start, tmp_path: Path, after_s: float
) -> None:
    script = str(Path(sys.executable).parent / "darkroom")
    command = [script, "up", "--port", "0", "--data", str(tmp_path / "home")]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        first.wait(after_s)
    first.kill()
    first.wait(10)
    service = start()
    names = fill(service.library / "job", 5, 300, 200)
    follower = Follower(service.url, submit(service, service.library / "job"))
    follower.start()
    assert follower.ended.wait(60), service.log[-30:]
    expect_whole(follower, names)


def test_a_listing_that_is_killed_in_its_middle_lists_everything_once(start: Start) -> None:
    service = start()
    names = fill(service.library / "job", 4000, 60, 40)
    job = submit(service, service.library / "job")
    until(lambda: service.ask("SELECT 1 FROM jobs WHERE listing AND total > 500"), 60, "half of the listing")
    kill(service)
    [(listing, total)] = service.ask("SELECT listing, total FROM jobs")
    assert listing
    assert total < len(names)
    again = start()
    follower = Follower(again.url, job)
    follower.start()
    assert follower.ended.wait(200), again.log[-30:]
    expect_whole(follower, names)
    expect_nothing_held(again)


def test_a_kill_around_the_last_frame_ends_the_job_once(start: Start) -> None:
    service = start()
    names = fill(service.library / "job", 40, 300, 200)
    job = submit(service, service.library / "job")
    until(lambda: service.ask("SELECT 1 FROM jobs WHERE done >= 24"), 60, "the end to be near")
    for part in ("worker --device cpu --queues bulk", "darkroom api"):
        service.part(part).kill()
    follower = Follower(service.url, job)
    follower.start()
    assert follower.ended.wait(100), service.log[-30:]
    expect_whole(follower, names)
    at = time.monotonic()
    last = Follower(service.url, job)
    last.start()
    assert last.ended.wait(20)
    assert time.monotonic() - at < 20
    assert last.frames == follower.frames
    expect_nothing_held(service)
