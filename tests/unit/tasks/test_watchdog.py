"""A thread that hangs ends its process; one that gets on, or that was suspended, does not."""

import subprocess
import sys
import threading

from tasks.settings import TaskSettings
from tasks.watchdog import HUNG, Watchdog

TICKS = 20
"""In the time that a thread may take without progress."""
SCRIPT = """
import ctypes, time
from tasks.settings import TaskSettings
from tasks.watchdog import Watchdog
watchdog = Watchdog(TaskSettings({settings}))
watchdog.start(lambda hung, how: print("told", [work.owner for work in hung], how, flush=True))
with watchdog.at("a.png of job 7", "w/1#2"):
    {work}
"""


def run(work: str, settings: str = "hang_timeout_s=0.5") -> "subprocess.CompletedProcess[str]":
    script = SCRIPT.format(work=work, settings=settings)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)


def test_what_takes_longer_than_allowed_is_found_with_what_it_is_at() -> None:
    watchdog = Watchdog(TaskSettings(hang_timeout_s=100))
    with watchdog.at("a.png", "owner"):
        assert [watchdog.tick() for _ in range(TICKS - 1)] == [[]] * (TICKS - 1)
        [work] = watchdog.tick()
        assert (work.what, work.owner) == ("a.png", "owner")
    assert watchdog.tick() == []


def test_progress_is_no_hanging_and_is_that_of_its_own_thread() -> None:
    watchdog = Watchdog(TaskSettings(hang_timeout_s=100))
    with watchdog.at("page 1"):
        for _ in range(3 * TICKS):
            assert watchdog.tick() == []
            watchdog.progress()
        other = threading.Thread(target=watchdog.progress)
        for _ in range(TICKS - 1):
            watchdog.tick()
        other.start()
        other.join()
        assert [work.what for work in watchdog.tick()] == ["page 1"]


def test_a_process_is_replaced_after_so_many_photos_or_with_so_much_memory() -> None:
    watchdog = Watchdog(TaskSettings(worker_max_items=3, worker_max_mb=100))
    assert watchdog.outgrown(200 << 20, 3600) is None, "it has done nothing, so its models are as large as that"
    for _ in range(2):
        with watchdog.at("a.png"):
            pass
    assert watchdog.outgrown(50 << 20, 3600) is None
    assert watchdog.outgrown(200 << 20, 1) is None, "it is young, its models are as large as that"
    assert watchdog.outgrown(200 << 20, 3600) == "200 MiB of memory"
    with watchdog.at("a.png"):
        pass
    assert watchdog.outgrown(50 << 20, 1) == "3 photos"


def test_a_process_that_hangs_says_at_what_and_ends() -> None:
    ended = run("time.sleep(60)")
    assert ended.returncode == HUNG
    assert "told ['w/1#2'] hanging for 0.5 s" in ended.stdout
    assert "a.png of job 7" in ended.stderr
    assert "time.sleep" not in ended.stderr
    assert "Thread 0x" in ended.stderr, "where each thread was"


def test_a_process_that_hangs_with_the_interpreters_lock_ends_too() -> None:
    ended = run("ctypes.PyDLL(None).sleep(60)")
    assert ended.returncode not in (0, HUNG)
    assert "Timeout" in ended.stderr


def test_a_process_that_has_done_enough_is_asked_to_end() -> None:
    work = """
    import signal
    signal.signal(signal.SIGTERM, lambda *_: (print("asked", flush=True), exit(0)))
    while True:
        time.sleep(0.05)  # a pause without end might begin just after the signal
    """.strip()
    ended = run(work, "hang_timeout_s=20, worker_max_items=1")
    assert (ended.returncode, ended.stdout) == (0, "asked\n")
