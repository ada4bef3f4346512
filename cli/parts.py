"""Which processes make up one Darkroom, and how each is started."""

import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cli import broker, environment, forking, shared
from cli.child import Log
from cli.listening import listen
from cli.memory import available_bytes
from cli.supervisor import Part

MODEL_LOADING_S = 900
"""Seconds that pages wait for a document engine of our own, which loads its model for minutes."""
TWO_WORKERS_BYTES = 4 * 2**30
"""Free memory for each device from which it gets a second worker, for bulk work alone."""
COPY_SETTLES_S = 1.0
"""Seconds of life after which a worker counts as started that need not import anything: it works by then."""
VLLM_PREFIX = re.compile(r"^(\(\S+ pid=\d+\) )?(?P<level>[A-Z]+) \d\d-\d\d [\d:]+ \[\S+:\d+\] ")
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


def with_document_engine(env: Mapping[str, str], engine: str) -> dict[str, str]:
    """`env` for the engine that was chosen; `vllm` gets a port of this machine that is free now."""
    chosen = {**env, "DOCUMENT_ENGINE": engine}
    if engine == "vllm":
        with listen("127.0.0.1", 0) as found:
            url = f"http://127.0.0.1:{found.getsockname()[1]}/v1"
        return {"LLM_WAIT_S": str(MODEL_LOADING_S), **chosen, "LLM_BASE_URL": url}
    return chosen | ({"LLM_BASE_URL": ""} if engine == "classic" else {})


def engine_parts(env: Mapping[str, str]) -> list[Part]:
    """vLLM where it is ours to start; it stops without waiting for its pages, which are read again."""
    if env["DOCUMENT_ENGINE"] != "vllm":
        return []
    port = env["LLM_BASE_URL"].rpartition(":")[2].removesuffix("/v1")
    command = [environment.program(), "engine", "--port", port, "--grace", "0"]
    return [Part("engine", command, env, stop_s=4.0, tidy=tidy_engine_line)]


def tidy_engine_line(line: str) -> str:
    """A line of vLLM's log without its own time; of a progress bar its last state."""
    return VLLM_PREFIX.sub(r"\g<level>: ", line.rpartition("\r")[2])


def worker_parts(env: Mapping[str, str], devices: Sequence[str]) -> list[Part]:
    """Two workers a device where memory allows: a rescan at a low priority is not felt by a person.

    Where a server reads documents, one more worker has their pages: its many threads only wait. Documents are still
    opened, and artifacts made, where somebody who waits for it meets no thread that waits for a page.
    """
    remote = bool(env.get("LLM_BASE_URL"))
    quick = "interactive,document.list" if remote else "interactive,document"
    if available_bytes() >= TWO_WORKERS_BYTES * len(devices):
        roles: dict[str, list[str]] = {quick: [], "bulk": ["--nice", "15"]}
    else:
        roles = {f"{quick},bulk": []}
    parts = [_worker_part(env, device, queues, extra) for device in devices for queues, extra in roles.items()]
    return [*parts, _worker_part(env, devices[0], "document", [])] if remote else parts


def _worker_part(env: Mapping[str, str], device: str, queues: str, extra: Sequence[str]) -> Part:
    command = [environment.program(), "worker", "--device", device, "--queues", queues, *extra]
    part = Part(f"{device}-{queues.replace(',', '+')}", command, env, stop_s=4.0)
    if device.partition(":")[0] != "cpu" or not forking.supported():  # drivers of GPUs do not survive a fork
        return part
    return replace(part, run=shared.run, settle_s=COPY_SETTLES_S)


def api_parts(env: Mapping[str, str], listener: socket.socket, processes: int) -> list[Part]:
    """`processes` of the API on one socket, which stays ours: while a dead one is replaced, callers wait."""
    number = listener.fileno()
    address = ["--host", env["HOST"], "--port", env["HTTP_PORT"], "--fd", str(number)]
    names = ["api"] if processes == 1 else [f"api-{n}" for n in range(1, processes + 1)]
    command = [environment.program(), "api", *address]
    return [Part(name, command, env, stop_s=3.0, pass_fds=(number,), run=shared.run) for name in names]
