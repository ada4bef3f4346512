"""One Darkroom: its parts started in order, watched, and stopped in reverse order."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli import broker, environment, forking, parts, readiness, shared
from cli.child import Log, bound_to
from cli.listening import listen
from cli.lock import hold
from cli.supervisor import Supervisor, stop_on_signals

READY_TIMEOUT_S = 90.0


class CannotStart(Exception):
    """The service cannot start. `lines` are log lines that say why, where there are some."""

    def __init__(self, message: str, lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.lines = list(lines)


@dataclass(frozen=True, slots=True)
class Service:
    """What `darkroom up` was asked for.

    Attributes:
        host: address to listen on.
        port: TCP port, 0 for a free one.
        home: data folder, absolute.
        devices: as in `DEVICES`.
        document_engine: as in `DOCUMENT_ENGINE`.
        api_processes: as in `WEB_CONCURRENCY`.
        log: receives (part, line).
    """

    host: str
    port: int
    home: Path
    devices: str
    document_engine: str
    api_processes: int
    log: Log

    def run(self) -> None:
        """Run until SIGINT or SIGTERM.

        Raises CannotStart, CannotListen, DataFolderInUse, BrokerUnavailable, PartFailed, OSError.
        """
        if sys.version_info < (3, 12) and forking.possible():  # newer ones wait for programs without threads, too
            asyncio.set_child_watcher(asyncio.PidfdChildWatcher())
        with hold(self.home), listen(self.host, self.port) as listener:
            asyncio.run(self._until_stopped(listener))

    async def _until_stopped(self, listener: socket.socket) -> None:
        supervisor = Supervisor(self.log)
        stop = asyncio.Event()

        def on_signal(number: signal.Signals) -> None:
            if stop.is_set():
                self.log("darkroom", f"{number.name} again: everything is killed")
                supervisor.kill()
            else:
                self.log("darkroom", f"{number.name}: stopping")
            stop.set()

        stop_on_signals(on_signal)
        work = asyncio.create_task(self._serve(supervisor, listener))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, stopped):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
            listener.close()
            await supervisor.stop()
            self.log("darkroom", "stopped")

    async def _serve(self, supervisor: Supervisor, listener: socket.socket) -> None:
        """Start everything, say so, and watch it; ends only by an exception."""
        port = int(listener.getsockname()[1])
        environment.make_folders(self.home)
        env = environment.for_parts(self.home, self.host, port, os.environ)
        env = parts.with_document_engine(env, self.document_engine)
        external = bool(os.environ.get("REDIS_URL"))
        preparation = asyncio.create_task(prepare(env, self.devices, external, self.log))
        try:
            if not external:
                await self._start_broker(supervisor, env)
            devices, _ = await supervisor.during(asyncio.gather(preparation, shared.load(shared.WORKER)))
        finally:
            preparation.cancel()
        await supervisor.start([*parts.worker_parts(env, devices), *parts.engine_parts(env)])
        await supervisor.during(shared.load(shared.API))
        await supervisor.start(parts.api_parts(env, listener, self.api_processes))
        found = await supervisor.during(self._until_ready(supervisor, port))
        for missing in found.missing():
            self.log("darkroom", f"warning: {missing}")
        at = f"[{self.host}]" if ":" in self.host else self.host
        print(f"Darkroom is ready on http://{at}:{port}", flush=True)
        await supervisor.during(asyncio.get_running_loop().create_future())

    async def _start_broker(self, supervisor: Supervisor, env: Mapping[str, str]) -> None:
        if await broker.end_stale(self.home):
            self.log("broker", "ended the one that a killed service had left behind")
        await supervisor.start([parts.broker_part(self.home, env, self.log)])

    async def _until_ready(self, supervisor: Supervisor, port: int) -> readiness.Readiness:
        """Ask until all is there; after that nothing asks any more, so an idle service sleeps."""
        found = readiness.Readiness()
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                while not found.settled:
                    await asyncio.sleep(0.05)
                    found = await readiness.ask(self.host, port)
        except TimeoutError:
            lines = [f"{name}: {line}" for name, tail in supervisor.tails().items() for line in tail[-5:]]
            reason = "; ".join(found.waiting_for())
            raise CannotStart(f"Not ready after {READY_TIMEOUT_S:.0f} s: {reason}.", lines) from None
        return found


async def prepare(env: Mapping[str, str], devices: str, external: bool, log: Log) -> list[str]:
    """Run `cli.prepare` in a process of its own; the devices to start workers on. Raises CannotStart."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli.prepare", devices, "external" if external else "private"),
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        process_group=0,
        preexec_fn=bound_to(os.getpid()),
    )
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    lines = err.decode("utf-8", "replace").splitlines()
    if process.returncode:
        reason = lines.pop() if lines else f"The preparation ended with status {process.returncode}."
        raise CannotStart(reason, lines)
    for line in lines:
        log("darkroom", line)
    found: list[str] = json.loads(out.splitlines()[-1])["devices"]
    return found
