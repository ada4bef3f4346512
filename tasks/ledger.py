"""Rows of jobs under their lock: numbering frames, counting, and noticing the last item.

Every frame of a job has a number without gaps, given under the lock of the job's row.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from monitoring import metrics
from tasks.errors import JobUnknown, WrongState
from tasks.store.models import events, items, jobs
from tasks.store.rows import add, into
from tasks.store.session import afterwards

ACTIVE = ("queued", "running", "paused")
PROGRESS_EVERY_S = 1.0
COUNTS = ("done", "failed", "cached", "cancelled", "total")
FOUND = ("new", "changed", "unchanged", "deleted", "warnings")
"""Counted while a library is listed."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """A photo to be looked at, or a document's page: an upload by its blob's key, or a file by its path.

    Attributes:
        file: key of a library's file, and `stamp` the one that it was listed with.
        tasks: what is to be looked for, where that is not what its job says.
        error: code and message with which it fails when it is drawn, as it cannot be looked at.
    """

    name: str
    blob: str | None = None
    path: str | None = None
    sha256: str | None = None
    custom_id: str | None = None
    page: int | None = None
    file: str | None = None
    stamp: str | None = None
    tasks: tuple[str, ...] | None = None
    error: tuple[str, str] | None = None


def insert_items(connection: Connection, job_id: str, new_items: Iterable[NewItem]) -> None:
    """Add items, all queued; the caller counts them."""
    rows = [
        {
            "job_id": job_id,
            "name": item.name,
            "blob": item.blob,
            "path": item.path,
            "sha256": item.sha256,
            "custom_id": item.custom_id,
            "page": item.page,
            "file": item.file,
            "stamp": item.stamp,
            "tasks": list(item.tasks) if item.tasks else None,
            "error_code": item.error[0] if item.error else None,
            "error_message": item.error[1] if item.error else None,
            "state": "queued",
        }
        for item in new_items
    ]
    if rows:
        add(connection, insert(items), rows)


def lock(connection: Connection, job_id: str) -> Row[Any]:
    """The job's row, locked until the transaction ends. Raises JobUnknown."""
    job = connection.execute(select(jobs).where(jobs.c.id == job_id).with_for_update()).first()
    if job is None:
        raise JobUnknown(f"There is no job {job_id}.", "darkroom jobs list shows those that there are.")
    return job


def expect(job: Row[Any], allowed: tuple[str, ...], to: str) -> None:
    """Raise WrongState unless the job is in one of the states."""
    if job.state not in allowed:
        raise WrongState(f"Job {job.id} is {job.state} and cannot be {to}.")


def event(
    connection: Connection,
    job_id: str,
    kind: str,
    body: dict[str, Any] | None,
    now: float,
    item_id: int | None = None,
) -> int:
    """Write the job's next frame; its number."""
    seq: int = connection.execute(
        update(jobs).where(jobs.c.id == job_id).values(seq=jobs.c.seq + 1).returning(jobs.c.seq)
    ).scalar_one()
    connection.execute(insert(events).values(job_id=job_id, seq=seq, type=kind, item_id=item_id, body=body, at=now))
    return seq


def keep_frames(connection: Connection, job_id: str, said: Iterable[tuple[int, int, dict[str, Any]]]) -> None:
    """Write items' frames (number, item, body) down before the items change: until then an item tells its own frame.

    One that was written down already stays as it is.
    """
    rows = [
        {"job_id": job_id, "seq": seq, "type": "item", "item_id": item_id, "body": body, "at": time.time()}
        for seq, item_id, body in said
    ]
    if rows:
        add(connection, into(connection, events).on_conflict_do_nothing(), rows)


def report(connection: Connection, job_id: str, kind: str, now: float) -> None:
    """Write a frame that says how the job stands."""
    job = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
    event(connection, job_id, kind, standing(job), now)


def standing(job: Row[Any]) -> dict[str, Any]:
    """The body of a frame that says how a job stands; written with it, so that every reading tells the same."""
    return {"state": job.state, **counts(job)}


def counts(job: Row[Any]) -> dict[str, int]:
    """What a frame says of a job's items, and of a library what was found."""
    return {name: job._mapping[name] for name in COUNTS} | found(job)


def found(job: Row[Any]) -> dict[str, int]:
    """What was counted while a library was listed; nothing for other jobs."""
    return {name: job._mapping[name] for name in FOUND} if job.kind == "library" else {}


def complete_if_done(connection: Connection, job_id: str, now: float) -> bool:
    """End the job if its last item is finished; whether it was."""
    done = connection.execute(
        update(jobs)
        .where(
            jobs.c.id == job_id,
            jobs.c.listing.is_(False),
            jobs.c.state.in_(ACTIVE),
            jobs.c.done + jobs.c.failed + jobs.c.cancelled >= jobs.c.total,
        )
        .values(state="completed", finished_at=now, started_at=func.coalesce(jobs.c.started_at, now))
        .returning(jobs)
    ).first()
    if done is None:
        return False
    event(connection, job_id, "end", standing(done), now)
    count_end(connection, done.kind, "completed")
    return True


def count_end(connection: Connection, kind: str, outcome: str) -> None:
    """A job ends with this transaction."""
    afterwards(connection, metrics.JOBS.labels(kind, outcome).inc)


def keep_failures(connection: Connection, job_id: str) -> None:
    """Write failures into their frames before the items are tried again, so that a replay says what was said."""
    columns = (items.c[name] for name in ("id", "seq", "error_code", "error_message"))
    failed = connection.execute(
        select(*columns).where(items.c.job_id == job_id, items.c.state == "failed", items.c.seq.is_not(None))
    )
    said = (
        (row.seq, row.id, {"status": "failed", "error": {"code": row.error_code, "message": row.error_message}})
        for row in failed
    )
    keep_frames(connection, job_id, said)
