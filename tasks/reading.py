"""A document followed while it is read: pieces from Redis, finished pages from SQL, in one order without gaps."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from tasks import deltas, events
from tasks.errors import JobUnknown
from tasks.store.models import jobs
from tasks.store.session import Store

if TYPE_CHECKING:
    import redis.asyncio


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a reader of a document is told.

    Attributes:
        type: `start` (fields: pages, task_id, kind, input_bytes), `page_start`, `delta`, `page_end` (fields of the
            item), `error` (of the whole document: code, message), `end`.
        page: from 1; 0 where it is about the document.
        text: of a delta.
    """

    type: Literal["start", "page_start", "delta", "page_end", "error", "end"]
    page: int = 0
    text: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


class Follower:
    """One reader of one document."""

    def __init__(
        self, store: Store, wakes: events.Wakes, client: "redis.asyncio.Redis", job_id: str, raw: bool = False
    ) -> None:
        self._store = store
        self._wakes = wakes
        self._client = client
        self._job_id = job_id
        self._raw = raw
        self._seq = 0
        self._position = "0"
        self._more = False
        self._sent: dict[int, int] = {}
        self._begun: set[int] = set()
        self._ended: set[int] = set()

    async def steps(self) -> AsyncIterator[Step | None]:
        """All steps from the beginning until the document's end; None is a heartbeat. Raises JobUnknown."""
        with self._wakes.listen(self._job_id) as event:
            beat = time.monotonic()
            started, looked_at = False, beat
            while True:
                event.clear()
                look = event.frames or time.monotonic() - looked_at >= events.LOOK_AGAIN_S
                if look:
                    looked_at, event.frames = time.monotonic(), False
                if not started:
                    start = await asyncio.to_thread(self._start)
                    if start is not None:
                        started = look = True
                        yield start
                over = False
                if started:
                    async for step in self._news(look):
                        beat = time.monotonic()
                        over = step.type == "end"
                        yield step
                if over:
                    return
                if self._more:
                    event.frames = True
                    continue
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), events.LOOK_AGAIN_S)
                if time.monotonic() - beat > events.HEARTBEAT_S:
                    beat = time.monotonic()
                    yield None

    async def _news(self, look: bool) -> AsyncIterator[Step]:
        # Finished pages are looked up before the pieces are read, so that a page's pieces all come before its end.
        frames: list[dict[str, Any]] = []
        over = False
        if look:
            frames, over = await asyncio.to_thread(events.frames, self._store, self._job_id, self._seq)
        while True:
            pieces, self._position = await deltas.read(self._client, self._job_id, self._position)
            for piece in pieces:
                text, at = (piece.raw, piece.raw_at) if self._raw else (piece.text, piece.text_at)
                for step in self._piece(piece.page, text, at):
                    yield step
            if len(pieces) < deltas.READ:
                break
        self._more = len(frames) == events.PAGE and not over
        for frame in frames:
            self._seq = frame["seq"]
            if frame["type"] == "error":
                yield Step("error", fields=frame)
            # Of a page that was tried again only what became of it in the end is of interest.
            if frame["type"] == "item" and frame["page"] not in self._ended and not frame.get("retried"):
                for step in self._finish(frame):
                    yield step
        if over and frames and frames[-1]["type"] == "end":
            yield Step("end", fields=frames[-1])
        elif over:
            yield Step("end")

    def _piece(self, page: int, text: str, at: int) -> list[Step]:
        """What is new of a piece that stands `at` this place; after a gap nothing is, the end of the page has it."""
        sent = self._sent.get(page, 0)
        fresh = text[sent - at :] if at <= sent else ""
        if page in self._ended or not fresh:
            return []
        self._sent[page] = sent + len(fresh)
        return [*self._begin(page), Step("delta", page, fresh)]

    def _finish(self, item: dict[str, Any]) -> list[Step]:
        page = item["page"]
        body = (item["results"].get("document") or {}).get("body") or {}
        rest = self._piece(page, str(body.get("raw" if self._raw else "markdown") or ""), 0)
        steps = [*rest, *self._begin(page), Step("page_end", page, fields=item)]
        self._begun.discard(page)
        if item["status"] == "done":  # a failed one may be tried again, and begins anew
            self._ended.add(page)
        return steps

    def _begin(self, page: int) -> list[Step]:
        if page in self._begun:
            return []
        self._begun.add(page)
        return [Step("page_start", page)]

    def _start(self) -> Step | None:
        """The start, as soon as the number of pages is known, or that nothing comes."""
        query = select(jobs.c.total, jobs.c.listing, jobs.c.state, jobs.c.options).where(jobs.c.id == self._job_id)
        with self._store.read() as connection:
            job = connection.execute(query).first()
        if job is None:
            raise JobUnknown(f"There is no job {self._job_id}.")
        if job.listing and job.state in ("queued", "running", "paused"):
            return None
        kind = job.options.get("kind", "pdf")
        size = job.options.get("bytes", 0)
        return Step("start", fields={"kind": kind, "pages": job.total, "task_id": self._job_id, "input_bytes": size})
