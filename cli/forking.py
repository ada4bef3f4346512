"""Processes that begin as a copy of this one: they share in memory what it has imported, and need not import it."""

import asyncio
import atexit
import contextlib
import gc
import io
import itertools
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NoReturn

from cli import title

STOPS: Final = (signal.SIGINT, signal.SIGTERM)


def possible() -> bool:
    """Whether this process can be copied now: where the system can do it, and while no thread may hold a lock."""
    return supported() and threading.active_count() == 1


@cache
def supported() -> bool:
    """Whether this is a Linux that tells of the end of a process by a file."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class Copy:
    """A copy of this process that runs a function; what asyncio's `Process` offers and a supervisor needs.

    Args:
        run: what it runs; its return or SystemExit is the process's end.
        command: its `sys.argv`, and how it shows in a list of processes.
        env: its whole environment.
        output: file descriptor of both of its outputs.
        pass_fds: all others that it keeps.
        bind: is called first of all.

    Raises OSError where it cannot be made.
    """

    def __init__(
        self,
        run: Callable[[], object],
        command: Sequence[str],
        env: Mapping[str, str],
        output: int,
        pass_fds: Sequence[int],
        bind: Callable[[], None],
    ) -> None:
        def become() -> None:
            bind()
            _begin(command, env, output, pass_fds)
            run()

        self.pid = _fork(become)
        self.returncode: int | None = None
        try:
            self._file = os.pidfd_open(self.pid)
        except OSError:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise
        self._ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._file, self._reap)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._file)
        os.close(self._file)
        try:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        except ChildProcessError:  # it was waited for by somebody else: as asyncio says it of a program
            self.returncode = 255
        self._ended.set()

    async def wait(self) -> int:
        """Its exit status, negative for a signal."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """As `os.kill`, but never to another process of that number."""
        if self.returncode is None:
            os.kill(self.pid, number)


def _fork(become: Callable[[], None]) -> int:
    """The process id of a copy, leader of its own group, that calls `become` and ends."""
    gc.freeze()  # what a collection never looks at stays shared
    # A signal that came before the copy has handlers of its own would wake this process's loop.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        pid = os.fork()
        if pid == 0:
            _run(become)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)  # here too, as the group may be killed before the copy has come as far
    return pid


def _run(become: Callable[[], None]) -> NoReturn:
    """Call `become` and end as a program does that is done, without anything of what this is a copy of."""
    status = 1
    atexit._clear()
    try:
        become()
        status = 0
    except SystemExit as error:
        status = _status(error.code)
    except BaseException:  # noqa: BLE001  all that a program may end with
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
        os._exit(status)


def _status(code: object) -> int:
    """What the interpreter makes of `sys.exit(code)`."""
    if code is None or isinstance(code, int):
        return (code or 0) & 0xFF
    print(code, file=sys.stderr)
    return 1


def _begin(command: Sequence[str], env: Mapping[str, str], output: int, pass_fds: Sequence[int]) -> None:
    """Make of a copy what a program finds that was just started."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    _own_files(output, pass_fds)
    os.environ.clear()
    os.environ.update(env)
    sys.argv[:] = command
    title.show([Path(command[0]).name, *command[1:]])


def _own_files(output: int, pass_fds: Sequence[int]) -> None:
    """Nothing to read, `output` to write to, `pass_fds`, and no other file of the process that this is a copy of.

    The objects of those are closed by nobody: the copy's frames hold them, and the collector does not look at them.
    """
    null = os.open(os.devnull, os.O_RDONLY)
    for file, number in ((null, 0), (output, 1), (output, 2)):
        os.dup2(file, number)
    kept = [2, *sorted(pass_fds), os.sysconf("SC_OPEN_MAX")]
    for below, above in itertools.pairwise(kept):
        os.closerange(below + 1, above)
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = io.TextIOWrapper(
            io.FileIO(number, "w", closefd=False), "utf-8", "backslashreplace", write_through=True
        )
        setattr(sys, name, stream)
