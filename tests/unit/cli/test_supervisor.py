"""The supervisor with real child processes."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from cli.supervisor import CANNOT_START, Part, PartFailed, Supervisor
from tests.conftest import until

PAUSES = (0.01, 0.02, 0.04)


class Log:
    """Collects lines, and lets a test wait for one."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._grew = asyncio.Event()

    def __call__(self, part: str, line: str) -> None:
        self.lines.append((part, line))
        self._grew.set()

    async def until(self, wanted: Callable[[list[tuple[str, str]]], bool]) -> None:
        async with asyncio.timeout(20):
            while not wanted(self.lines):
                self._grew.clear()
                await self._grew.wait()

    async def until_line(self, text: str, times: int = 1) -> None:
        await self.until(lambda lines: sum(text in line for _, line in lines) >= times)


def part(name: str, script: str, **options: object) -> Part:
    command = [sys.executable, "-u", "-c", textwrap.dedent(script)]
    return Part(name, command, dict(os.environ), **options)  # type: ignore[arg-type]


FOREVER = """
    import signal, os
    print("here", os.getpid())
    signal.pause()
"""


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def supervisor(log: Log) -> AsyncIterator[Supervisor]:
    running = Supervisor(log, pauses=PAUSES)
    yield running
    await running.stop()


def pids(log: Log) -> list[int]:
    return [int(line.split()[1]) for _, line in log.lines if line.startswith("here")]


async def test_a_part_that_dies_is_started_again_and_the_log_says_how_it_ended(
    supervisor: Supervisor, log: Log
) -> None:
    await supervisor.start([part("sleeper", FOREVER, settle_s=0)])
    await log.until_line("here")
    os.kill(pids(log)[0], signal.SIGKILL)
    await log.until_line("here", times=2)
    [how] = [line for _, line in log.lines if "started again" in line]
    assert how.startswith("was ended by SIGKILL after ")
    assert how.endswith("it is started again in 0.01 s")
    assert not psutil.pid_exists(pids(log)[0])


async def test_pauses_grow_with_every_death_in_a_row_and_the_last_one_repeats(log: Log) -> None:
    supervisor = Supervisor(log, pauses=PAUSES)
    marker = "print('up'); raise SystemExit(3)"
    # it counts as started at once, so that dying often does not end the whole
    await supervisor.start([part("flapping", marker, settle_s=0)])
    await log.until_line("started again", times=4)
    await supervisor.stop()
    pauses = [line.rsplit(" ", 2)[1] for _, line in log.lines if "started again" in line]
    assert pauses[:4] == ["0.01", "0.02", "0.04", "0.04"]


async def test_a_part_that_is_killed_young_again_and_again_is_started_again(supervisor: Supervisor, log: Log) -> None:
    killed = Part("victim", [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], dict(os.environ))
    await supervisor.start([killed])
    await log.until_line("started again", times=4)
    await supervisor.stop()


async def test_a_part_that_never_gets_ready_ends_the_whole_with_its_last_lines(
    supervisor: Supervisor, log: Log
) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(PartFailed, match="broken cannot start: ended with status 3") as failure:
        await supervisor.start([part("broken", "print('no such device'); raise SystemExit(3)", ready=never)])
    assert failure.value.lines == ["no such device"]
    assert sum("started again" in line for _, line in log.lines) == 2


async def test_a_part_that_says_that_trying_again_is_no_use_is_not_tried_again(
    supervisor: Supervisor, log: Log
) -> None:
    script = f"print('cuda:3 is not there'); raise SystemExit({CANNOT_START})"
    await supervisor.start([part("worker", script)])
    with pytest.raises(PartFailed) as failure:
        await supervisor.during(asyncio.get_running_loop().create_future())
    assert failure.value.lines == ["cuda:3 is not there"]
    assert not any("started again" in line for _, line in log.lines)


async def test_a_part_that_lives_but_is_not_ready_in_time_ends_the_whole(supervisor: Supervisor) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(PartFailed, match="was not ready after 0 s"):
        await supervisor.start([part("slow", FOREVER, ready=never, ready_timeout_s=0.2)])


async def test_a_program_that_is_not_there_ends_the_whole(supervisor: Supervisor) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(PartFailed, match="cannot be started"):
        await supervisor.start([Part("ghost", ["/nowhere/ghost"], {}, ready=never)])


async def test_a_part_whose_cause_of_death_is_repaired_is_tried_again_at_once(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    hindrance = tmp_path / "hindrance"
    hindrance.touch()
    seen: list[list[str]] = []

    def repair(tail: list[str]) -> bool:
        seen.append(tail)
        hindrance.unlink()
        return True

    async def ready() -> bool:
        return not hindrance.exists()

    script = f"""
        import os, signal
        if os.path.exists({str(hindrance)!r}): print("in the way"); raise SystemExit(1)
        signal.pause()
    """
    await supervisor.start([part("broker", script, ready=ready, repair=repair)])
    assert seen == [["in the way"]]


async def test_the_next_stage_waits_for_parts_with_a_readiness_check(
    supervisor: Supervisor, log: Log, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"

    async def ready() -> bool:
        return flag.exists()

    first = f"import pathlib, signal; pathlib.Path({str(flag)!r}).touch(); print('here'); signal.pause()"
    await supervisor.start([part("first", first, ready=ready)])
    assert flag.exists()


async def test_stages_stop_in_reverse_order_of_their_start(log: Log) -> None:
    script = """
        import signal, sys
        def leave(*_): print("leaving"); sys.exit(0)
        signal.signal(signal.SIGTERM, leave)
        print("started")
        while True: signal.pause()
    """
    supervisor = Supervisor(log, pauses=PAUSES)
    for name in ("broker", "worker", "api"):
        await supervisor.start([part(name, script)])
    await log.until_line("started", times=3)
    await supervisor.stop()
    assert [name for name, line in log.lines if line == "leaving"] == ["api", "worker", "broker"]


async def test_a_part_that_ignores_sigterm_is_killed_with_all_that_it_started(log: Log) -> None:
    script = """
        import os, signal, subprocess, sys
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        print("here", child.pid)
        print("here", os.getpid())
        while True: signal.pause()
    """
    supervisor = Supervisor(log, pauses=PAUSES)
    await supervisor.start([part("stubborn", script, stop_s=0.2)])
    await log.until_line("here", times=2)
    await supervisor.stop()
    assert ("stubborn", "did not end within 0.2 s and is killed") in log.lines
    # Nobody waits for the part's own child: it is killed, and gone a moment later.
    await asyncio.to_thread(until, lambda: all(_gone(pid) for pid in pids(log)), 20, "the end of both")


async def test_stopping_while_a_part_waits_to_be_restarted_does_not_wait_for_the_pause(log: Log) -> None:
    supervisor = Supervisor(log, pauses=(60,))
    await supervisor.start([part("flapping", "raise SystemExit(1)", settle_s=0)])
    await log.until_line("started again")
    began = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - began < 5


async def test_lines_longer_than_any_buffer_and_a_last_line_without_end_are_logged(log: Log) -> None:
    supervisor = Supervisor(log, pauses=(60,))
    await supervisor.start([part("loud", "import sys; sys.stdout.write('x' * 200_000 + '\\nlast')", settle_s=0)])
    await log.until_line("started again")
    await supervisor.stop()
    written = [line for name, line in log.lines if "started again" not in line]
    assert written[-1] == "last"
    assert sum(len(line) for line in written[:-1]) == 200_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is Linux's own")
def test_nothing_is_left_of_a_supervisor_that_is_killed() -> None:
    script = """
        import asyncio, os, sys
        from cli.supervisor import Part, Supervisor

        async def main():
            supervisor = Supervisor(lambda part, line: print(line, flush=True))
            sleeper = [sys.executable, "-u", "-c", "import os, signal; print(os.getpid()); signal.pause()"]
            await supervisor.start([Part(name, sleeper, dict(os.environ)) for name in ("one", "two")])
            await asyncio.get_running_loop().create_future()

        asyncio.run(main())
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        children = [psutil.Process(int(parent.stdout.readline())) for _ in range(2)]
        parent.kill()
        _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []


def _gone(pid: int) -> bool:
    """Whether a process ended; one of a dead parent may stay a zombie until init looks after it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_part_that_ends_in_order_is_started_again_soon_and_counts_as_no_death(
    supervisor: Supervisor, log: Log
) -> None:
    await supervisor.start([part("replaced", "import time; time.sleep(0.05)", settle_s=0)])
    await log.until_line("ended in order", times=5)
    pauses = {line.partition("again in ")[2] for _, line in log.lines if "started again" in line}
    assert pauses == {"0.01 s"}


async def test_a_part_is_told_which_signal_ended_the_process_before_it(supervisor: Supervisor, log: Log) -> None:
    script = """
        import os, signal
        ended_by = os.environ["DARKROOM_PREDECESSOR"]
        print("before me:", ended_by or "nobody")
        os.kill(os.getpid(), signal.SIGSEGV) if not ended_by else signal.pause()
    """
    await supervisor.start([part("crashing", script)])
    await log.until_line("before me: SIGSEGV")
    assert [line for _, line in log.lines if line.startswith("before me")] == [
        "before me: nobody",
        "before me: SIGSEGV",
    ]
