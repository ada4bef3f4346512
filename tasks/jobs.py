"""The job state machine: the only place that writes the state of jobs and items.

A job:

    queued --draw--> running --last item finished--> completed
      |  ^             |  ^
      |  +--retry------|--|------------------------- completed | cancelled  (failed items only)
      |                |  |
      +--pause--> paused--+ resume
      |             |  |
      +--cancel-----+--+---------------------------> cancelled
      +--could not run at all ---------------------> failed

An item:

    queued --draw--> running --finish--> done | failed
      ^                |
      +--lease expired-+        queued | running --cancel--> cancelled        failed --retry--> queued

`finish` looks at the item's state and moves it in the same transaction that numbers its frame, so whatever runs twice
is seen once. Every frame of a job has a number without gaps, given under the lock of the job's row.
"""

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tasks import queues
from tasks.errors import JobUnknown, QueueFull, WrongState
from tasks.store.models import events, items, jobs
from tasks.store.session import Store

ACTIVE = ("queued", "running", "paused")
PROGRESS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class NewItem:
    """A photo to be looked at: an upload by its blob's key, or a file by its path."""

    name: str
    blob: str | None = None
    path: str | None = None
    sha256: str | None = None
    custom_id: str | None = None


@dataclass(frozen=True, slots=True)
class LeasedItem:
    """A photo that a worker has drawn; `attempts` counts the starts before this one."""

    id: int
    name: str
    blob: str | None
    path: str | None
    sha256: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Photos of one job, drawn by one worker until `until` (seconds since 1970)."""

    job_id: str
    tasks: tuple[str, ...]
    options: dict[str, Any]
    items: tuple[LeasedItem, ...]
    until: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: ids of its results by analysis, or an error's code and message."""

    results: dict[str, int] | None = None
    cached: tuple[str, ...] = ()
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    error_code: str | None = None
    error_message: str | None = None


class Jobs:
    """The state machine over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def create(
        self,
        kind: str,
        tasks: Sequence[str],
        *,
        priority: queues.Priority = "bulk",
        options: dict[str, Any] | None = None,
        new_items: Sequence[NewItem] = (),
        listing: bool = False,
        custom_id: str | None = None,
        limit: int = 1000,
    ) -> str:
        """Accept a job with its first items; `listing` says that more will be added.

        Raises:
            QueueFull: when `limit` jobs are unfinished.
        """
        job_id, now = uuid.uuid4().hex, time.time()
        with self.store.write() as connection:
            active = connection.scalar(select(func.count()).where(jobs.c.state.in_(ACTIVE))) or 0
            if active >= limit:
                raise QueueFull(f"{active} jobs are unfinished, no more are taken.", retry_after=30)
            connection.execute(
                insert(jobs).values(
                    id=job_id,
                    kind=kind,
                    state="queued",
                    priority=priority,
                    tasks=list(tasks),
                    options=options or {},
                    listing=listing,
                    total=len(new_items),
                    created_at=now,
                    custom_id=custom_id,
                )
            )
            _insert_items(connection, job_id, new_items)
            _event(connection, job_id, "start", {"kind": kind, "tasks": list(tasks)}, now)
            _complete_if_done(connection, job_id, now)
        return job_id

    def add_items(self, job_id: str, new_items: Sequence[NewItem]) -> None:
        """Add what a listing found; names that the job already has are passed over, so a listing may run again."""
        with self.store.write() as connection:
            state = _lock(connection, job_id).state
            names = [item.name for item in new_items]
            known = set(
                connection.scalars(select(items.c.name).where(items.c.job_id == job_id, items.c.name.in_(names)))
            )
            fresh = [item for item in new_items if item.name not in known]
            if fresh and state in ACTIVE:
                _insert_items(connection, job_id, fresh)
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(total=jobs.c.total + len(fresh)))

    def finish_listing(self, job_id: str, error: tuple[str, str] | None = None) -> None:
        """No more items come; with an error (code, message) the job could not run at all and fails."""
        now = time.time()
        with self.store.write() as connection:
            job = _lock(connection, job_id)
            if not job.listing or job.state not in ACTIVE:
                return
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(listing=False))
            if error is not None:
                code, message = error
                connection.execute(
                    update(jobs)
                    .where(jobs.c.id == job_id)
                    .values(state="failed", finished_at=now, error_code=code, error_message=message)
                )
                _event(connection, job_id, "error", {"code": code, "message": message}, now)
                _event(connection, job_id, "end", None, now)
            else:
                _complete_if_done(connection, job_id, now)

    def draw(self, owner: str, priority: queues.Priority, limit: int, ttl_s: float) -> Lease | None:
        """Draw photos of the least recently drawn job; a photo that was started before comes alone.

        Args:
            owner: the worker, `name/instance`.
            limit: photos at most.
            ttl_s: seconds until the lease may be given to another.
        """
        now = time.time()
        with self.store.write() as connection:
            waiting = select(items.c.id).where(items.c.job_id == jobs.c.id, items.c.state == "queued").exists()
            job = connection.execute(
                select(jobs.c.id, jobs.c.tasks, jobs.c.options, jobs.c.state)
                .where(jobs.c.state.in_(("queued", "running")), jobs.c.priority == priority, waiting)
                .order_by(jobs.c.drawn_at, jobs.c.created_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if job is None:
                return None
            rows = _pick(connection, job.id, limit)
            if not rows:
                return None
            connection.execute(
                update(items)
                .where(items.c.id.in_([row.id for row in rows]))
                .values(state="running", lease_owner=owner, lease_until=now + ttl_s)
            )
            changes: dict[str, Any] = {"drawn_at": now, "state": "running"}
            if job.state == "queued":
                changes["started_at"] = func.coalesce(jobs.c.started_at, now)
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(**changes))
        drawn = tuple(LeasedItem(*row) for row in rows)
        return Lease(job.id, tuple(job.tasks), dict(job.options), drawn, now + ttl_s)

    def begin(self, item_id: int, owner: str, ttl_s: float) -> int | None:
        """Count an attempt before any work is done for it; its number, or None if the item is no longer the owner's.

        It is not the owner's either while its job is paused.
        """
        going = select(jobs.c.id).where(jobs.c.id == items.c.job_id, jobs.c.state == "running").exists()
        with self.store.write() as connection:
            return connection.execute(
                update(items)
                .where(items.c.id == item_id, items.c.state == "running", items.c.lease_owner == owner, going)
                .values(attempts=items.c.attempts + 1, lease_until=time.time() + ttl_s)
                .returning(items.c.attempts)
            ).scalar()

    def finish(self, item_id: int, outcome: Outcome) -> bool:
        """Record what became of an item, its frame and, with the last one, the job's end; False if it was finished."""
        now = time.time()
        state = "failed" if outcome.error_code else "done"
        with self.store.write() as connection:
            job_id = connection.execute(
                update(items)
                .where(items.c.id == item_id, items.c.state.in_(("queued", "running")))
                .values(
                    state=state,
                    results=outcome.results,
                    cached=list(outcome.cached),
                    sha256=func.coalesce(outcome.sha256, items.c.sha256),
                    width=outcome.width,
                    height=outcome.height,
                    error_code=outcome.error_code,
                    error_message=outcome.error_message,
                    lease_owner=None,
                    lease_until=None,
                    finished_at=now,
                )
                .returning(items.c.job_id)
            ).scalar()
            if job_id is None:
                return False
            all_cached = state == "done" and set(outcome.results or ()) == set(outcome.cached)
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id)
                .values(
                    {
                        jobs.c[state]: jobs.c[state] + 1,
                        jobs.c.cached: jobs.c.cached + int(all_cached and bool(outcome.results)),
                    }
                )
            )
            seq = _event(connection, job_id, "item", None, now, item_id)
            connection.execute(update(items).where(items.c.id == item_id).values(seq=seq))
            if not _complete_if_done(connection, job_id, now):
                _progress(connection, job_id, now)
        return True

    def release(self, owner: str) -> int:
        """Give back what a worker drew and did not finish; the number of photos."""
        with self.store.write() as connection:
            done = connection.execute(
                update(items)
                .where(items.c.lease_owner == owner, items.c.state == "running")
                .values(state="queued", lease_owner=None, lease_until=None)
            )
            return done.rowcount

    def needed_blobs(self, keys: list[str]) -> set[str]:
        """Which of these blobs an unfinished or failed item still needs."""
        waiting = items.c.state.in_(("queued", "running", "failed"))
        with self.store.read() as connection:
            return set(connection.scalars(select(items.c.blob).where(items.c.blob.in_(keys), waiting)))

    def waiting(self) -> dict[str, tuple[int, float]]:
        """For each priority with photos that wait: how many, and since when the oldest job waits."""
        with self.store.read() as connection:
            rows = connection.execute(
                select(jobs.c.priority, func.count(items.c.id), func.min(jobs.c.created_at))
                .join(items, items.c.job_id == jobs.c.id)
                .where(jobs.c.state.in_(("queued", "running")), items.c.state == "queued")
                .group_by(jobs.c.priority)
            )
            return {priority: (count, since) for priority, count, since in rows}

    def listings(self) -> list[str]:
        """Jobs whose folder is still being listed."""
        with self.store.read() as connection:
            return list(connection.scalars(select(jobs.c.id).where(jobs.c.listing.is_(True), jobs.c.state.in_(ACTIVE))))

    def forget_older_than(self, seconds: float) -> int:
        """Remove ended jobs with their items and frames; their number. What was found in photos stays."""
        with self.store.write() as connection:
            return connection.execute(delete(jobs).where(jobs.c.finished_at < time.time() - seconds)).rowcount

    def owners(self) -> set[str]:
        """All who hold leases now."""
        with self.store.read() as connection:
            held = select(items.c.lease_owner).where(items.c.lease_owner.is_not(None)).distinct()
            return set(connection.scalars(held))

    def release_expired(self) -> int:
        """Give back photos whose lease ran out without a sign of life; their number."""
        with self.store.write() as connection:
            done = connection.execute(
                update(items)
                .where(items.c.state == "running", items.c.lease_until < time.time())
                .values(state="queued", lease_owner=None, lease_until=None)
            )
            return done.rowcount

    def pause(self, job_id: str) -> None:
        """Stop drawing from the job; what runs is finished. Raises JobUnknown, WrongState."""
        self._move(job_id, ("queued", "running"), "paused")

    def resume(self, job_id: str) -> None:
        """Draw from a paused job again. Raises JobUnknown, WrongState."""
        self._move(job_id, ("paused",), "running")

    def cancel(self, job_id: str) -> None:
        """End the job at once; what still runs is not recorded. Raises JobUnknown, WrongState."""
        now = time.time()
        with self.store.write() as connection:
            _expect(_lock(connection, job_id), ACTIVE, "cancelled")
            gone = connection.execute(
                update(items)
                .where(items.c.job_id == job_id, items.c.state.in_(("queued", "running")))
                .values(state="cancelled", lease_owner=None, lease_until=None)
            ).rowcount
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id)
                .values(state="cancelled", finished_at=now, cancelled=jobs.c.cancelled + gone, listing=False)
            )
            _event(connection, job_id, "end", None, now)

    def retry(self, job_id: str) -> None:
        """Queue the failed items of an ended job again. Raises JobUnknown, WrongState (also when nothing failed)."""
        with self.store.write() as connection:
            job = _lock(connection, job_id)
            _expect(job, ("completed", "cancelled"), "retried")
            if not job.failed:
                raise WrongState(f"Nothing failed in job {job_id}, so there is nothing to retry.")
            connection.execute(
                update(items)
                .where(items.c.job_id == job_id, items.c.state == "failed")
                .values(state="queued", attempts=0, error_code=None, error_message=None)
            )
            connection.execute(
                update(jobs).where(jobs.c.id == job_id).values(state="queued", failed=0, finished_at=None)
            )
            _event(connection, job_id, "progress", None, time.time())

    def _move(self, job_id: str, allowed: tuple[str, ...], to: str) -> None:
        with self.store.write() as connection:
            _expect(_lock(connection, job_id), allowed, to)
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(state=to))
            _event(connection, job_id, "progress", None, time.time())


def _pick(connection: Connection, job_id: str, limit: int) -> Sequence[Row[Any]]:
    columns = (items.c.id, items.c.name, items.c.blob, items.c.path, items.c.sha256, items.c.attempts)
    queued = (
        select(*columns)
        .where(items.c.job_id == job_id, items.c.state == "queued")
        .order_by(items.c.id)
        .with_for_update(skip_locked=True)
    )
    fresh = connection.execute(queued.where(items.c.attempts == 0).limit(limit)).all()
    return fresh or connection.execute(queued.limit(1)).all()


def _insert_items(connection: Connection, job_id: str, new_items: Iterable[NewItem]) -> None:
    rows = [
        {
            "job_id": job_id,
            "name": item.name,
            "blob": item.blob,
            "path": item.path,
            "sha256": item.sha256,
            "custom_id": item.custom_id,
            "state": "queued",
        }
        for item in new_items
    ]
    if rows:
        connection.execute(insert(items), rows)


def _lock(connection: Connection, job_id: str) -> Row[Any]:
    job = connection.execute(select(jobs).where(jobs.c.id == job_id).with_for_update()).first()
    if job is None:
        raise JobUnknown(f"There is no job {job_id}.", "darkroom jobs list shows those that there are.")
    return job


def _expect(job: Row[Any], allowed: tuple[str, ...], to: str) -> None:
    if job.state not in allowed:
        raise WrongState(f"Job {job.id} is {job.state} and cannot be {to}.")


def _event(
    connection: Connection,
    job_id: str,
    kind: str,
    body: dict[str, Any] | None,
    now: float,
    item_id: int | None = None,
) -> int:
    seq: int = connection.execute(
        update(jobs).where(jobs.c.id == job_id).values(seq=jobs.c.seq + 1).returning(jobs.c.seq)
    ).scalar_one()
    connection.execute(insert(events).values(job_id=job_id, seq=seq, type=kind, item_id=item_id, body=body, at=now))
    return seq


def _counts_body(job: Row[Any]) -> dict[str, Any]:
    return {
        "done": job.done,
        "failed": job.failed,
        "cached": job.cached,
        "cancelled": job.cancelled,
        "total": job.total,
    }


def _progress(connection: Connection, job_id: str, now: float) -> None:
    due = connection.execute(
        update(jobs)
        .where(jobs.c.id == job_id, jobs.c.progress_at < now - PROGRESS_EVERY_S)
        .values(progress_at=now)
        .returning(jobs)
    ).first()
    if due is not None:
        _event(connection, job_id, "progress", _counts_body(due), now)


def _complete_if_done(connection: Connection, job_id: str, now: float) -> bool:
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
    _event(connection, job_id, "end", _counts_body(done), now)
    return True
