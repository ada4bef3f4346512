"""Frames of a job: numbered in SQL, announced through Redis, followed by any number of readers.

SQL holds every frame until the job expires, so a reader can leave and come back with the number of the last frame it
saw. An item's frame is the item itself, until something else becomes of that: then what it told is written down. Redis
carries only the news that there is more; if it is lost, readers look again by themselves.
"""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import redis
import redis.asyncio
from sqlalchemy import Connection, Row, Table, select

from tasks import ledger, results
from tasks.again import corrections
from tasks.broker import WAKE
from tasks.errors import JobUnknown
from tasks.store.models import events, items, jobs
from tasks.store.session import Store

PAGE = 64
LOOK_AGAIN_S = 2.0
HEARTBEAT_S = 10.0
WAKE_LENGTH = 1024
PIECES = b"pieces"
"""A field of news that are none of SQL's."""

log = logging.getLogger(__name__)


def wake(client: redis.Redis, job_id: str) -> None:
    """Tell all readers of a job that there are more frames; losing this costs them LOOK_AGAIN_S at most."""
    with contextlib.suppress(redis.RedisError):
        client.xadd(WAKE, {"job": job_id}, maxlen=WAKE_LENGTH, approximate=True)


def announce(sending: "redis.client.Pipeline", job_id: str) -> None:
    """Tell them, with other commands, that there are more pieces of pages that are not finished."""
    sending.xadd(WAKE, {"job": job_id, PIECES: 1}, maxlen=WAKE_LENGTH, approximate=True)


class News(asyncio.Event):
    """Set when there is more of a job.

    Attributes:
        frames: there may be more in SQL; otherwise only pieces of pages that are not finished.
    """

    frames = True


def item_fields(
    row: Row[Any], found: dict[int, results.Finding], corrected: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """An item as clients see it; `row` has the columns of `items`, `corrected` is of `corrections.of`."""
    rows = (row.results or {}).items()
    findings = {name: results.as_dict(found[key]) for name, key in rows if key in found}
    body: dict[str, Any] = {"seq": row.seq, "item_id": row.id, "name": row.name}
    if row.custom_id is not None:
        body["custom_id"] = row.custom_id
    if row.page is not None:
        body["page"] = row.page
    elif "ocr" in findings and row.sha256 in corrected:
        body["correction"] = corrected[row.sha256]
    error = {"code": row.error_code, "message": row.error_message} if row.error_code else None
    return body | {
        "sha256": row.sha256,
        "width": row.width,
        "height": row.height,
        "status": row.state,
        "results": findings,
        "models": {name: finding["model"] for name, finding in findings.items()},
        "cached": row.cached or [],
        "error": error,
    }


def frames(store: Store, job_id: str, after: int, limit: int = PAGE) -> tuple[list[dict[str, Any]], bool]:
    """Frames of a job after a number, and whether the job is over and these were its last.

    Raises:
        JobUnknown: there is no such job.
    """
    with store.snapshot() as connection:
        job = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
        if job is None:
            raise JobUnknown(f"There is no job {job_id}.")
        for until in (after + limit, job.seq):  # a job that is being removed has gaps
            written, finished = (_next(connection, table, job_id, after, until, limit) for table in (events, items))
            seqs = sorted({*written, *finished})[:limit]
            if len(seqs) == limit or until >= job.seq:
                break
        photos = {finished[seq].id: finished[seq] for seq in seqs if seq in finished}
        others = {written[seq].item_id for seq in seqs if seq in written} - {None, *photos}
        if others:  # which were finished again since
            photos |= {row.id: row for row in connection.execute(select(items).where(items.c.id.in_(others)))}
        corrected = corrections.of_items(connection, photos.values())
        found = results.among(connection, {key for row in photos.values() for key in (row.results or {}).values()})
    out = []
    for seq in seqs:
        frame = written.get(seq)
        item = photos.get(frame.item_id if frame else finished[seq].id)
        told = item_fields(item, found, corrected) if item else {}
        head = {"seq": seq, "type": frame.type if frame else "item", "task_id": job_id}
        out.append({**head, **told, **(_said(frame, job) if frame else {}), **head})
    last = seqs[-1] if seqs else after
    over = job.state not in ("queued", "running", "paused") and last >= job.seq
    return out, over


def _next(connection: Connection, table: Table, job_id: str, after: int, until: int, limit: int) -> dict[int, Row[Any]]:
    """Frames by their numbers: those that are written down, or items, each of which tells its newest one.

    Of a job that has just begun PostgreSQL knows little: it would sort all that has no end.
    """
    mine = table.c.job_id == job_id, table.c.seq > after, table.c.seq <= until
    return {row.seq: row for row in connection.execute(select(table).where(*mine).order_by(table.c.seq).limit(limit))}


def _said(frame: Row[Any], job: Row[Any]) -> dict[str, Any]:
    """What a frame says that was written down."""
    if frame.type == "item" and frame.body:  # not what became of the item since
        return {**frame.body, "results": {}, "models": {}, "cached": [], "retried": True}
    if frame.type in ("progress", "end"):
        counts = dict(frame.body or ledger.standing(job))
        left = counts["total"] - counts["done"] - counts["failed"] - counts["cancelled"]
        state = {"state": counts.pop("state")} if "state" in counts else {}
        return {**state, "counts": {**counts, "left": left}}
    return dict(frame.body or {})


class Wakes:
    """One blocked read of the news for a whole process; readers wait on an event each."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self._client = client
        self._waiting: dict[str, set[News]] = defaultdict(set)

    async def run(self) -> None:
        """Read the news until cancelled; while Redis is away, readers look again by themselves."""
        position = "$"
        while True:
            try:
                news: Any = await self._client.xread({WAKE: position}, count=256, block=4000)
            except (redis.RedisError, OSError) as error:
                log.warning("broker does not answer, following jobs by looking: %s", error)
                position = "$"
                await asyncio.sleep(1)
                continue
            for _stream, entries in news or ():
                for entry, fields in entries:
                    position = entry.decode()
                    for waiting in self._waiting.get(fields[b"job"].decode(), ()):
                        waiting.frames |= PIECES not in fields
                        waiting.set()

    @contextlib.contextmanager
    def listen(self, job_id: str) -> Iterator[News]:
        """An event that is set when there is more of a job."""
        event = News()
        self._waiting[job_id].add(event)
        try:
            yield event
        finally:
            self._waiting[job_id].discard(event)
            if not self._waiting[job_id]:
                del self._waiting[job_id]


async def follow(
    store: Store, wakes: Wakes, job_id: str, after: int, wait: bool
) -> AsyncIterator[dict[str, Any] | None]:
    """Frames of a job after a number, as they are made; None is a heartbeat.

    One page of frames is in memory at a time, whoever reads how slowly. Ends with the job, or with what is there now
    if `wait` is false.
    """
    with wakes.listen(job_id) as event:
        beat = time.monotonic()
        while True:
            event.clear()
            page, over = await asyncio.to_thread(frames, store, job_id, after)
            for frame in page:
                after = frame["seq"]
                yield frame
            if over or (not wait and len(page) < PAGE):
                return
            if page:
                beat = time.monotonic()
                if len(page) == PAGE:
                    continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), LOOK_AGAIN_S)
            if time.monotonic() - beat > HEARTBEAT_S:
                beat = time.monotonic()
                yield None
