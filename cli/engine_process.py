"""A vLLM and all that it starts, which end with us however either of us ends.

vLLM is several processes, and its own do not notice when the first of them is killed; left behind they hold the GPU's
memory. So they stay in our process group, which whoever supervises us kills; orphans become our children, and are
killed with the rest; and the end of our parent is a SIGTERM for us, as our end is one for vLLM.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cli import readiness
from cli.child import PR_SET_PDEATHSIG, PRCTL, bound_to
from cli.engine_launch import Launch
from cli.supervisor import stop_on_signals

if TYPE_CHECKING:
    import psutil

Told = Callable[[float], None]

PR_SET_CHILD_SUBREAPER: Final = 36
KILL_AFTER_S: Final = 2.5
LOOK_S: Final = 0.5


async def run(launch: Launch, env: dict[str, str], waiting: Told, ready: Told) -> int:
    """Run vLLM until it ends or a signal ends it.

    Args:
        launch: how.
        env: its whole environment.
        waiting: told the seconds since the start, twice a second, until it is ready.
        ready: told the seconds that it took.

    Returns:
        Its exit status, negative for a signal; 0 where it was stopped.
    """
    _take_responsibility()
    stop = asyncio.Event()
    stop_on_signals(lambda _: stop.set())
    process = await asyncio.create_subprocess_exec(
        *launch.command,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        preexec_fn=bound_to(os.getpid(), signal.SIGTERM),
    )
    ended, stopped = asyncio.create_task(process.wait()), asyncio.create_task(stop.wait())
    watcher = asyncio.create_task(_watch(launch, waiting, ready))
    try:
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        watcher.cancel()
        if ended.done():
            return ended.result()
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait({ended}, timeout=launch.grace_s + KILL_AFTER_S)
        return 0
    finally:
        _kill_descendants()
        await ended
        for task in (stopped, watcher):
            task.cancel()


async def _watch(launch: Launch, waiting: Told, ready: Told) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    while not await readiness.answers(launch.host, launch.port, "/health"):
        waiting(loop.time() - started)
        await asyncio.sleep(LOOK_S)
    ready(loop.time() - started)


def _take_responsibility() -> None:
    if PRCTL is None:
        return
    PRCTL(PR_SET_CHILD_SUBREAPER, 1)
    PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM)


def _kill_descendants() -> None:
    import psutil

    while alive := [each for each in psutil.Process().children(recursive=True) if _lives(each)]:
        for each in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(alive, timeout=1)


def _lives(process: "psutil.Process") -> bool:
    import psutil

    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
