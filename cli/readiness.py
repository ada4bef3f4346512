"""Asks the running API whether the service can serve; HTTP by hand, as a supervisor asks for no more."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Readiness:
    """What `/readyz` said.

    Attributes:
        ready: broker, store and a worker answer.
        parts: name -> `{"state", "reason"?}`.
        capabilities: name -> `{"state": "ready"|"loading"|"missing", "model"?, "reason"?, "hint"?}`.
    """

    ready: bool = False
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    capabilities: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Ready, and nothing is being loaded any more that is not worth waiting for."""
        return self.ready and not self._loading()

    def waiting_for(self) -> list[str]:
        """What is not there yet, in words."""
        return self.problems() + self._loading() or ["the API does not answer"]

    def _loading(self) -> list[str]:
        """What is being loaded; a server for documents takes minutes, and pages wait for it by themselves."""
        loading = {name: each for name, each in self.capabilities.items() if each.get("state") == "loading"}
        return [_in_words(name, each) for name, each in loading.items() if name != "document"]

    def problems(self) -> list[str]:
        """Parts that do not work, in words."""
        return [_in_words(name, each) for name, each in self.parts.items() if each.get("state") != "ok"]

    def missing(self) -> list[str]:
        """Capabilities that cannot be had, with the way to them."""
        gone = [(name, each) for name, each in self.capabilities.items() if each.get("state") == "missing"]
        return [_in_words(name, each) for name, each in gone]


def _in_words(name: str, each: dict[str, Any]) -> str:
    said = [str(each[key]).rstrip(".") for key in ("reason", "hint") if each.get(key)]
    return f"{name}: {'. '.join([str(each.get('state')), *said])}"


def reachable(host: str) -> str:
    """The address at which this machine reaches a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104


async def ask(host: str, port: int, timeout_s: float = 2.0) -> Readiness:
    """One look at `/readyz`; an API that does not answer is one that is not ready."""
    try:
        async with asyncio.timeout(timeout_s):
            status, body = await _get(reachable(host), port, "/readyz")
        said = json.loads(body)
        return Readiness(status == 200 and bool(said["ready"]), said["parts"], said["capabilities"])
    except (OSError, TimeoutError, ValueError, KeyError, TypeError, IndexError):
        return Readiness()


async def answers(host: str, port: int, path: str, timeout_s: float = 2.0) -> bool:
    """Whether a server answers a path with 200."""
    try:
        async with asyncio.timeout(timeout_s):
            status, _ = await _get(reachable(host), port, path)
    except (OSError, TimeoutError, ValueError, IndexError):
        return False
    return status == 200


async def _get(host: str, port: int, path: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        at = f"[{host}]" if ":" in host else host
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {at}:{port}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return int(head.split(b" ", 2)[1]), body
    finally:
        writer.close()
