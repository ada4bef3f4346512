"""Who follows a streamed document: when nobody does for a while, it is cancelled.

Each reader has a sign of life of its own in Redis, and each streamed document a time at which it is given up, which
every reader puts off. So readers of several API processes count together, and a document is given up also where the
API that streamed it was killed. A broker that loses all this cancels nothing.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Final

import redis

from tasks.broker import PREFIX
from tasks.errors import JobUnknown, WrongState

if TYPE_CHECKING:
    import redis.asyncio

    from tasks.jobs import Jobs

SAY_EVERY_S: Final = 5.0
FIRST_S: Final = 1.0
ALIVE_S: Final = 3 * SAY_EVERY_S
GIVEN_UP: Final = PREFIX + "documents:given-up"
"""Streamed documents by the time at which they are cancelled, unless somebody follows them."""


class Followers:
    """The readers of documents in one API process."""

    def __init__(self, client: "redis.asyncio.Redis", cancel: Callable[[str], None]) -> None:
        """Take the broker, and what cancels a document; it may raise JobUnknown and WrongState."""
        self._client = client
        self._cancel = cancel
        self._leaving: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def follow(self, job_id: str, grace_s: float, sent_here: bool) -> AsyncIterator[Callable[[], None]]:
        """Follow a document while the block runs, or until what it is given is called.

        Args:
            job_id: the document.
            grace_s: seconds after which it is given up when its last reader has left; 0 is at once.
            sent_here: it was sent to be streamed to this reader. One that was sent as a job is never given up.
        """
        reader = uuid.uuid4().hex
        said = asyncio.Event()
        saying = asyncio.create_task(self._say(job_id, reader, grace_s, sent_here, said))
        with contextlib.suppress(TimeoutError):  # who has seen a frame is counted
            await asyncio.wait_for(said.wait(), FIRST_S)

        def leave() -> None:
            # Whoever leaves may be cancelled at any time, so the rest goes on by itself.
            if saying.cancel():
                leaving = asyncio.create_task(self._leave(job_id, reader, grace_s, sent_here))
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)

        try:
            yield leave
        finally:
            leave()

    async def stop(self) -> None:
        """Let readers that leave say so."""
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=1)

    async def _say(self, job_id: str, reader: str, grace_s: float, sent_here: bool, said: asyncio.Event) -> None:
        while True:
            now = time.time()
            saying = self._client.pipeline(transaction=False)
            saying.zadd(_key(job_id), {reader: now + ALIVE_S})
            saying.expire(_key(job_id), int(10 * ALIVE_S))
            # Only who sent it writes down when it is given up; all others put that off.
            saying.zadd(GIVEN_UP, {job_id: now + ALIVE_S + grace_s}, xx=not sent_here)
            with contextlib.suppress(redis.RedisError, OSError):
                await saying.execute()
            said.set()
            await asyncio.sleep(SAY_EVERY_S)

    async def _leave(self, job_id: str, reader: str, grace_s: float, sent_here: bool) -> None:
        now = time.time()
        with contextlib.suppress(redis.RedisError, OSError):
            await self._client.zrem(_key(job_id), reader)
            if await self._client.zcount(_key(job_id), now, "+inf"):
                return
            if sent_here and not grace_s:
                with contextlib.suppress(JobUnknown, WrongState):
                    await asyncio.to_thread(self._cancel, job_id)
            else:
                await self._client.zadd(GIVEN_UP, {job_id: now + grace_s}, xx=not sent_here)


def cancel_unfollowed(client: "redis.Redis", jobs: "Jobs") -> list[str]:
    """Cancel documents whose time is over; those that were. Any process may do this, at any time."""
    now = time.time()
    cancelled = []
    due: Any = client.zrangebyscore(GIVEN_UP, "-inf", now)
    for entry in due:
        job_id = entry.decode()
        client.zrem(GIVEN_UP, job_id)
        if client.zcount(_key(job_id), now, "+inf"):  # it is followed again
            continue
        with contextlib.suppress(JobUnknown, WrongState):
            jobs.cancel(job_id)
            cancelled.append(job_id)
    return cancelled


def _key(job_id: str) -> str:
    return f"{PREFIX}readers:{job_id}"
