"""One child process that cannot outlive its parent, and whose output becomes log lines."""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from cli import forking

PR_SET_PDEATHSIG = 1
TAIL_LINES = 20
LONGEST_LINE = 16_384

Log = Callable[[str, str], None]


def _prctl() -> Callable[[int, int], int] | None:
    """The C library's prctl, looked up before any fork: a forked child must not load libraries."""
    if not sys.platform.startswith("linux"):
        return None
    call: Callable[[int, int], int] = ctypes.CDLL(None, use_errno=True).prctl
    return call


PRCTL = _prctl()


def bound_to(parent: int, number: signal.Signals = signal.SIGKILL) -> Callable[[], None]:
    """What a child runs between fork and exec, so that the kernel signals it when `parent` ends in any way."""

    def bind() -> None:
        if PRCTL is None:
            return
        PRCTL(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # the parent ended before the request took hold
            os._exit(1)

    return bind


def end(process: "subprocess.Popen[str]", patience_s: float) -> None:
    """Ask a process to end, kill it if it does not, and close its output."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


class LogPipe(asyncio.Protocol):
    """Cuts what a child writes into lines, hands them to `log`, and remembers the last ones."""

    def __init__(self, name: str, log: Log) -> None:
        self.name = name
        self.log = log
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.closed = asyncio.get_running_loop().create_future()
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._emit(line)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._rest:
            self._emit(self._rest)
        if not self.closed.done():
            self.closed.set_result(None)

    def _emit(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            self.tail.append(text)
            self.log(self.name, text)


class Child:
    """A running process, leader of its own process group.

    Attributes:
        started: monotonic seconds at which it was started.
    """

    def __init__(
        self, process: asyncio.subprocess.Process | forking.Copy, output: LogPipe, transport: asyncio.ReadTransport
    ):
        self._process = process
        self._output = output
        self._transport = transport
        self.started = time.monotonic()

    @classmethod
    async def spawn(
        cls,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        log: Log,
        pass_fds: Sequence[int] = (),
        run: Callable[[], object] | None = None,
    ) -> "Child":
        """Start `command`, or a copy of this process that calls `run`; both of its outputs go to `log` line by line.

        Must be called from the main thread, because the kernel ties "die with the parent" to the thread that
        forked. Raises OSError where the program cannot be started.
        """
        reader, writer = os.pipe()
        try:
            process = await _process(command, env, writer, pass_fds, run)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        transport, output = await asyncio.get_running_loop().connect_read_pipe(
            lambda: LogPipe(name, log), os.fdopen(reader, "rb", buffering=0)
        )
        return cls(process, output, transport)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    @property
    def tail(self) -> list[str]:
        """Its last lines of output."""
        return list(self._output.tail)

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.started

    async def wait(self) -> int:
        """Wait for its end and kill what it left in its group; its status, negative for a signal."""
        status = await self._process.wait()
        self.kill_group()
        with contextlib.suppress(TimeoutError):  # a grandchild that left the group may hold the pipe open
            await asyncio.wait_for(asyncio.shield(self._output.closed), 0.5)
        self._transport.close()
        return status

    def terminate(self) -> None:
        """Ask it to end."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def kill_group(self) -> None:
        """Kill it and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


async def _process(
    command: Sequence[str],
    env: Mapping[str, str],
    output: int,
    pass_fds: Sequence[int],
    run: Callable[[], object] | None,
) -> asyncio.subprocess.Process | forking.Copy:
    bind = bound_to(os.getpid())
    if run is not None and forking.possible():
        return forking.Copy(run, command, env, output, pass_fds, bind)
    return await asyncio.create_subprocess_exec(
        *command,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        process_group=0,
        pass_fds=tuple(pass_fds),
        preexec_fn=bind,
    )
