"""A service of one's own for a while: started on a free port with a given data folder, stopped at the end."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from cli import environment
from cli.child import bound_to, end
from cli.errors import CommandError

READY = "Darkroom is ready on "
STOP_S = 15.0
SHOWN_LINES = 15
ELSEWHERE = ("REDIS_URL", "DATABASE_URL", "BLOB_URL", "HOST", "HTTP_PORT")
"""Would bind it to a service that somebody else uses."""


class OwnService(NamedTuple):
    """The server's address, and the process that everything else of it descends from."""

    url: str
    pid: int


@contextlib.contextmanager
def own_service(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[OwnService]:
    """Run `darkroom up` on `home` with more `settings` in its environment.

    Its log goes to `service.log` beside `home`. Raises CommandError with the end of it where it does not start.
    """
    env = {name: value for name, value in os.environ.items() if name not in ELSEWHERE} | dict(settings or {})
    log = home.with_name("service.log")
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [environment.program(), "up", "--host", "127.0.0.1", "--port", "0", "--data", str(home)],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            process_group=0,
            preexec_fn=bound_to(os.getpid()),
        )
    before = signal.signal(signal.SIGTERM, _leave)  # so that the folders around it are cleaned up too
    try:
        yield OwnService(_address(process, log), process.pid)
    finally:
        signal.signal(signal.SIGTERM, before)
        end(process, STOP_S)


def _leave(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _address(process: "subprocess.Popen[str]", log: Path) -> str:
    """The address that it prints when it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
    process.wait()
    last = "\n".join(log.read_text("utf-8", "replace").splitlines()[-SHOWN_LINES:])
    raise CommandError(
        f"The service did not start. The end of its log:\n{last}\n", "darkroom doctor looks for the cause."
    )
