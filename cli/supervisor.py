"""Keeps a set of processes running: starts them in order, restarts what dies, stops them in reverse order."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cli.child import Child, Log
from cli.environment import PREDECESSOR, SUPERVISED

T = TypeVar("T")

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_S = 60.0
ATTEMPTS = 3
CANNOT_START = 78
"""Exit status (EX_CONFIG of sysexits.h) of a part for which trying again cannot help."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process that belongs to the whole.

    Attributes:
        name: stands in front of its log lines.
        command: program and arguments.
        env: its whole environment.
        ready: answers whether it can serve; None: it counts as started after `settle_s` of life.
        ready_timeout_s: seconds until a part that lives but never gets ready ends the whole.
        settle_s: seconds of life after which a part without `ready` counts as started.
        stop_s: seconds between SIGTERM and SIGKILL.
        pass_fds: file descriptors that it inherits.
        repair: given the last lines of one that died before it was ever ready, removes the cause if it can
            and says whether it did.
        tidy: what to log of a line that it wrote; None drops the line.
        run: what a copy of this process calls, where one can be made, in place of starting `command`.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], Awaitable[bool]] | None = None
    ready_timeout_s: float = 30.0
    settle_s: float = 5.0
    stop_s: float = 3.0
    pass_fds: Sequence[int] = ()
    repair: Callable[[Sequence[str]], bool] | None = None
    tidy: Callable[[str], str | None] | None = None
    run: Callable[[], object] | None = None


class PartFailed(Exception):
    """A part cannot start. `lines` are the last ones that it wrote, and usually say why."""

    def __init__(self, part: str, reason: str, lines: Sequence[str]) -> None:
        super().__init__(f"{part} {reason}")
        self.part = part
        self.lines = list(lines)


@dataclass(slots=True)
class _Kept:
    """What is known of one part while it is kept running."""

    part: Part
    started: asyncio.Event = field(default_factory=asyncio.Event)
    child: Child | None = None
    keeper: asyncio.Task[None] | None = None
    deaths: int = 0
    ended_by: str = ""

    @property
    def env(self) -> Mapping[str, str]:
        """Of its next process, which is told its name here, and how the last one ended."""
        return {**self.part.env, SUPERVISED: self.part.name, PREDECESSOR: self.ended_by}


class Supervisor:
    """Runs parts. All methods belong to the event loop of the main thread.

    Args:
        log: receives (part name, line) for every line of a part's output and of the supervisor's own.
        pauses: seconds before the first, second, ... restart in a row; the last one repeats.
    """

    def __init__(self, log: Log, pauses: Sequence[float] = PAUSES_S) -> None:
        self._log = log
        self._pauses = pauses
        self._stages: list[list[_Kept]] = []
        self._stopping = asyncio.Event()
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, parts: Sequence[Part]) -> None:
        """Start `parts` side by side as one stage; returns when those that have a readiness check are ready.

        Stages stop in the reverse order of their starts. Raises PartFailed.
        """
        stage = [_Kept(part) for part in parts]
        self._stages.append(stage)
        for kept in stage:
            kept.keeper = asyncio.create_task(self._keep(kept), name=f"keep {kept.part.name}")
        checked = [kept.started.wait() for kept in stage if kept.part.ready is not None]
        await self.during(asyncio.gather(*checked))

    async def during(self, work: Awaitable[T]) -> T:
        """Await `work`, but raise PartFailed as soon as a part fails for good."""
        task = asyncio.ensure_future(work)
        both: set[asyncio.Future[Any]] = {task, self._failure}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if self._failure.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
            self._failure.result()
        return await task

    async def stop(self) -> None:
        """Stop all parts, the last stage first. Nothing that was started is left afterwards."""
        self._stopping.set()
        for stage in reversed(self._stages):
            await asyncio.gather(*(self._stop_one(kept) for kept in stage))
        if self._failure.done() and not self._failure.cancelled():
            self._failure.exception()  # seen, whoever waited for it
        self._failure.cancel()

    def kill(self) -> None:
        """Kill everything at once; `stop` then has nothing to wait for."""
        self._stopping.set()
        for kept in (kept for stage in self._stages for kept in stage):
            if kept.child is not None and kept.child.alive:
                kept.child.kill_group()

    def tails(self) -> dict[str, list[str]]:
        """The last lines of every part, by its name."""
        return {kept.part.name: kept.child.tail for stage in self._stages for kept in stage if kept.child is not None}

    async def _keep(self, kept: _Kept) -> None:
        """Run one part again and again until the supervisor stops."""
        part = kept.part
        while not self._stopping.is_set():
            try:
                log = self._tidied(part) if part.tidy else self._log
                kept.child = await Child.spawn(part.name, part.command, kept.env, log, part.pass_fds, part.run)
            except OSError as error:
                self._fail(PartFailed(part.name, f"cannot be started: {error}", []))
                return
            if self._stopping.is_set():
                kept.child.terminate()
            status, age_s = await self._run(kept, kept.child)
            if self._stopping.is_set():
                return
            in_order = status == 0 and kept.started.is_set()  # it was asked to end, to be replaced
            kept.deaths = 1 if in_order or age_s >= STEADY_S else kept.deaths + 1
            kept.ended_by, how = _signal(status), _ended(status)
            if not kept.started.is_set() and part.repair is not None and part.repair(kept.child.tail):
                continue
            # Who is killed did start: a photo that takes its worker down at once must not take the whole down.
            hopeless = status == CANNOT_START or (status >= 0 and kept.deaths >= ATTEMPTS)
            if not kept.started.is_set() and hopeless:
                self._fail(PartFailed(part.name, f"cannot start: {how}", kept.child.tail))
                return
            pause = self._pauses[min(kept.deaths, len(self._pauses)) - 1]
            self._log(part.name, f"{how} after {age_s:.0f} s; it is started again in {pause:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _run(self, kept: _Kept, child: Child) -> tuple[int, float]:
        """One life of a part: (exit status, seconds)."""
        watcher = None
        if not kept.started.is_set():
            watch = self._check(kept, child) if kept.part.ready else self._settle(kept)
            watcher = asyncio.create_task(watch)
        try:
            status = await child.wait()
            return status, child.age_s
        finally:
            if watcher is not None:
                watcher.cancel()

    async def _settle(self, kept: _Kept) -> None:
        await asyncio.sleep(kept.part.settle_s)
        kept.started.set()

    async def _check(self, kept: _Kept, child: Child) -> None:
        """Ask a part until it is ready; only while it starts, so an idle supervisor sleeps."""
        assert kept.part.ready is not None
        try:
            async with asyncio.timeout(kept.part.ready_timeout_s):
                while not await kept.part.ready():  # noqa: ASYNC110  another process, no event of ours
                    await asyncio.sleep(0.02)
        except TimeoutError:
            reason = f"was not ready after {kept.part.ready_timeout_s:.0f} s"
            self._fail(PartFailed(kept.part.name, reason, child.tail))
        else:
            kept.started.set()

    async def _stop_one(self, kept: _Kept) -> None:
        """SIGTERM, then SIGKILL after `stop_s`; returns when the process is gone."""
        if kept.keeper is None:
            return
        if kept.child is not None:
            kept.child.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(kept.keeper), kept.part.stop_s)
        if kept.child is not None and kept.child.alive:
            self._log(kept.part.name, f"did not end within {kept.part.stop_s:g} s and is killed")
            kept.child.kill_group()
        await kept.keeper

    def _tidied(self, part: Part) -> Log:
        def log(name: str, line: str) -> None:
            tidied = part.tidy(line) if part.tidy else line
            if tidied:
                self._log(name, tidied)

        return log

    def _fail(self, error: PartFailed) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)


def _ended(status: int) -> str:
    """How a process ended, in words."""
    if status == 0:
        return "ended in order"
    return f"was ended by {_signal(status)}" if status < 0 else f"ended with status {status}"


def _signal(status: int) -> str:
    """The name of the signal that ended a process, or nothing."""
    if status >= 0:
        return ""
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"


def stop_on_signals(stop: Callable[[signal.Signals], None]) -> None:
    """Call `stop` for SIGINT and SIGTERM instead of raising KeyboardInterrupt somewhere in the middle."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
