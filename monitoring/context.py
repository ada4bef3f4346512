"""For whom the running code works: a request, a job, an item of it. Lines of the log and spans name it.

It goes along into threads that `asyncio.to_thread` starts, and in messages to other processes as `request`.
"""

import random
import re
from contextvars import ContextVar
from typing import Final, NamedTuple

HARMLESS: Final = re.compile(rb"[A-Za-z0-9._:=-]{1,64}")
"""Ids that are taken as a client or a proxy gives them; nothing in one can end a line or a header."""


class Origin(NamedTuple):
    """Ids; empty where there is none."""

    request: str = ""
    job: str = ""
    item: str = ""


_ORIGIN: Final[ContextVar[tuple[str, str, str]]] = ContextVar("origin", default=("", "", ""))


def begin(request: str = "", job: str = "", item: str = "") -> None:
    """From here on this thread, or this task of the event loop, works for these; whoever was before is forgotten."""
    _ORIGIN.set((request, job, item))


def current() -> Origin:
    """For whom this works now."""
    return Origin(*_ORIGIN.get())


def request_id(given: bytes) -> str:
    """The id of a new request: the one that came with it if that is short and harmless, else one that is made."""
    if given and HARMLESS.fullmatch(given):
        return given.decode()
    return f"{random.getrandbits(64):016x}"  # tells requests apart and guards nothing
