"""Connections to Redis or Valkey, and the names of our keys there."""

import asyncio
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

PREFIX: Final = "darkroom:"
WORKERS: Final = PREFIX + "workers"
LOST: Final = PREFIX + "workers:lost"
"""Workers that went without goodbye, and when they were last seen."""
WAKE: Final = PREFIX + "wake"
ATTEMPTS: Final = PREFIX + "attempts"
"""How often each unacknowledged message was delivered, by its task's id."""

SOCKET_TIMEOUT_S: Final = 10.0
"""Longer than any blocking read of ours, shorter than anybody's patience."""


def reply_key(name: str) -> str:
    """The list on which one API process waits for answers."""
    return f"{PREFIX}reply:{name}"


def queue_key(queue: str) -> str:
    """The list in which a Celery queue keeps its messages."""
    return PREFIX + queue


def connect(url: str) -> "redis.Redis":
    """A blocking client; it connects when it is first used."""
    return redis.Redis.from_url(url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=3, decode_responses=False)


def on_one_connection(pool: "redis.ConnectionPool") -> "redis.Redis":
    """A client for one thread at a time: half of what a small command costs is borrowing a connection from a pool.

    Raises:
        redis.RedisError: the broker does not answer, since the connection is made now.
    """
    return redis.Redis(connection_pool=pool, single_connection_client=True)


def connect_impatiently(url: str) -> "redis.Redis":
    """A blocking client for who can do without an answer: it tries once, for a second."""
    once = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=once, decode_responses=False)


def connect_async(url: str) -> "redis.asyncio.Redis":
    """A client for the event loop."""
    return redis.asyncio.Redis.from_url(url, socket_timeout=SOCKET_TIMEOUT_S, socket_connect_timeout=3)


async def end(tasks: "Iterable[asyncio.Task[None]]") -> None:
    """Cancel tasks that read from Redis until they have ended; the client may swallow a cancellation."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.5)


def celery_url(url: str) -> str:
    """The same server in the form that Celery takes."""
    parts = urlsplit(url)
    return f"redis+socket://{parts.path}" if parts.scheme == "unix" else url
