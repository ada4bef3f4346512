"""Whether another process has a worker's name."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from tasks import liveness
from tasks.errors import NameTaken
from tasks.recovery import take_over
from tasks.worker import Worker


@pytest.fixture
def neighbour() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


def silent(worker: Worker, pid: int) -> liveness.WorkerRecord:
    """A sign of life from a minute ago, which is no longer to be believed."""
    started = psutil.Process(pid).create_time()
    at = time.time() - 60
    return replace(worker.record(), pid=pid, started_at=started, at=at, expires_at=at + 20)


def test_a_name_stays_taken_while_its_process_runs_here_and_gives_no_sign_of_life(
    worker: Worker, neighbour: "subprocess.Popen[bytes]"
) -> None:
    record = silent(worker, neighbour.pid)
    liveness.announce(worker.redis, record)
    assert not liveness.workers(worker.redis)
    found = liveness.find(worker.redis, worker.name)
    assert found is not None
    assert liveness.may_run(found, worker.redis)
    neighbour.kill()
    neighbour.wait()
    assert not liveness.may_run(found, worker.redis)


def test_a_name_that_is_taken_is_refused(
    worker: Worker, neighbour: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.recovery.LEAST_WAIT_S", 0.0)
    worker.settings = worker.settings.model_copy(update={"heartbeat_s": 0.01})
    liveness.announce(worker.redis, silent(worker, neighbour.pid))
    with pytest.raises(NameTaken, match="runs already"):
        take_over(worker)


def test_a_name_of_another_host_is_free_when_its_signs_of_life_have_stopped(
    worker: Worker, neighbour: "subprocess.Popen[bytes]"
) -> None:
    elsewhere = replace(silent(worker, neighbour.pid), host="elsewhere")
    liveness.announce(worker.redis, elsewhere)
    found = liveness.find(worker.redis, worker.name)
    assert found is not None
    assert not liveness.may_run(found, worker.redis)
    recent = replace(elsewhere, at=time.time(), expires_at=time.time() + 20)
    liveness.announce(worker.redis, recent)
    found = liveness.find(worker.redis, worker.name)
    assert found is not None
    assert liveness.may_run(found, worker.redis)
