"""Which processes make up one Darkroom, and how each is started."""

import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli import broker, environment
from cli.child import Log
from cli.memory import available_bytes
from cli.supervisor import Part

TWO_WORKERS_BYTES = 4 * 2**30
"""Free memory for each device from which it gets a second worker, for bulk work alone."""
VALKEY_PREFIX = re.compile(r"^\d+:\S+ (\d+ \w+ \d{4} [\d:.]+ [*#.-] |\(\d+\) )?")


def broker_part(home: Path, env: Mapping[str, str], log: Log) -> Part:
    """The private broker; one that cannot read its own log any more starts anew. Raises BrokerUnavailable."""

    def repair(tail: Sequence[str]) -> bool:
        if not any("Bad file format" in line for line in tail):
            return False
        kept = broker.set_aside(home)
        log(
            "broker",
            f"its log could not be read and now lies in {kept}; it starts empty, jobs go on from the store",
        )
        broker.prepare(home)
        return True

    broker.prepare(home)
    return Part(
        "broker",
        broker.command(home),
        env,
        ready=lambda: broker.answers(home),
        stop_s=2.0,
        repair=repair,
        tidy=tidy_broker_line,
    )


def tidy_broker_line(line: str) -> str | None:
    """The message of a line of Valkey's log; its advice on kernel settings is for far larger servers."""
    return None if "overcommit_memory" in line else VALKEY_PREFIX.sub("", line)


def worker_parts(env: Mapping[str, str], devices: Sequence[str]) -> list[Part]:
    """Two workers a device where memory allows: a rescan at a low priority is not felt by a person."""
    if available_bytes() >= TWO_WORKERS_BYTES * len(devices):
        roles: dict[str, list[str]] = {"interactive,document": [], "bulk": ["--nice", "15"]}
    else:
        roles = {"interactive,document,bulk": []}
    program = environment.program()
    parts = []
    for device in devices:
        for queues, extra in roles.items():
            name = f"{device}-{queues.replace(',', '+')}"
            words = ["worker", "--device", device, "--queues", queues, *extra]
            parts.append(Part(name, [program, *words], env, stop_s=4.0))
    return parts


def api_parts(env: Mapping[str, str], listener: socket.socket, processes: int) -> list[Part]:
    """`processes` of the API on one socket, which stays ours: while a dead one is replaced, callers wait."""
    number = listener.fileno()
    address = ["--host", env["HOST"], "--port", env["HTTP_PORT"], "--fd", str(number)]
    names = ["api"] if processes == 1 else [f"api-{n}" for n in range(1, processes + 1)]
    command = [environment.program(), "api", *address]
    return [Part(name, command, env, stop_s=3.0, pass_fds=(number,)) for name in names]
