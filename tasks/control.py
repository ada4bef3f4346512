"""Wishes to all workers at once: a counter for each wish, which every worker compares at its heartbeat."""

import os
import signal
from typing import TYPE_CHECKING, Final

from tasks.broker import PREFIX

if TYPE_CHECKING:
    import redis

    from tasks.worker import Worker

UNLOAD: Final = "unload"
RECYCLE: Final = "recycle"
_KEYS: Final = {wish: f"{PREFIX}wish:{wish}" for wish in (UNLOAD, RECYCLE)}


def ask(client: "redis.Redis", wish: str) -> None:
    """Make a wish known; workers see it within one heartbeat."""
    client.incr(_KEYS[wish])


def seen(client: "redis.Redis") -> dict[str, int]:
    """How often each wish has been made."""
    values = client.mget(list(_KEYS.values()))
    return {wish: int(value or 0) for wish, value in zip(_KEYS, values, strict=True)}


def obey(worker: "Worker", before: dict[str, int]) -> dict[str, int]:
    """Do what was wished since the last look, and return the new counts."""
    now = seen(worker.redis)
    if now[UNLOAD] > before[UNLOAD]:
        worker.engines.unload()
    if now[RECYCLE] > before[RECYCLE]:
        os.kill(os.getpid(), signal.SIGTERM)  # Celery finishes what runs, and the supervisor starts the next process
    return now
