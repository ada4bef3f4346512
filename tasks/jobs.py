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
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from tasks import ledger, queues
from tasks.errors import QueueFull, WrongState
from tasks.finishing import Outcome, record
from tasks.leases import Lease, LeasedItem, Leases
from tasks.ledger import ACTIVE, NewItem
from tasks.store.again import again
from tasks.store.models import items, jobs

MOST_KEYS = 500
"""Databases limit the values of one statement."""

__all__ = ["ACTIVE", "Jobs", "Lease", "LeasedItem", "NewItem", "Outcome"]


class Jobs(Leases):
    """The state machine over one store."""

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
        within: Connection | None = None,
    ) -> str:
        """Accept a job with its first items; `listing` says that more will be added.

        Args:
            within: a writing transaction that it becomes part of; None makes one.

        Raises:
            QueueFull: when `limit` jobs are unfinished.
        """
        job_id, now = uuid.uuid4().hex, time.time()
        with self.store.write() if within is None else nullcontext(within) as connection:
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
            ledger.insert_items(connection, job_id, new_items)
            ledger.event(connection, job_id, "start", {"kind": kind, "tasks": list(tasks)}, now)
            ledger.complete_if_done(connection, job_id, now)
        return job_id

    @again
    def add_items(self, job_id: str, new_items: Sequence[NewItem]) -> None:
        """Add what a listing found; names that the job already has are passed over, so a listing may run again."""
        with self.store.write() as connection:
            state = ledger.lock(connection, job_id).state
            names = [item.name for item in new_items]
            known = set(
                connection.scalars(select(items.c.name).where(items.c.job_id == job_id, items.c.name.in_(names)))
            )
            fresh = [item for item in new_items if item.name not in known]
            if fresh and state in ACTIVE:
                ledger.insert_items(connection, job_id, fresh)
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(total=jobs.c.total + len(fresh)))

    def begin(self, job_id: str) -> bool:
        """Somebody is at work on a job without items; False where it has ended or is paused. Raises JobUnknown."""
        with self.store.write() as connection:
            job = ledger.lock(connection, job_id)
            if job.state == "queued":
                started = {"state": "running", "started_at": time.time()}
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(**started))
                ledger.report(connection, job_id, "progress", time.time())
            return job.listing and job.state in ("queued", "running")

    @again
    def finish_listing(self, job_id: str, error: tuple[str, str] | None = None) -> None:
        """No more items come; with an error (code, message) the job could not run at all and fails."""
        now = time.time()
        with self.store.write() as connection:
            job = ledger.lock(connection, job_id)
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
                ledger.event(connection, job_id, "error", {"code": code, "message": message}, now)
                ledger.report(connection, job_id, "end", now)
                ledger.count_end(connection, job.kind, "failed")
            else:
                ledger.complete_if_done(connection, job_id, now)

    @again
    def finish(self, item_id: int, outcome: Outcome) -> bool:
        """Record what became of an item, its frame and, with the last one, the job's end; False if it was finished."""
        with self.store.write() as connection:
            job_id = connection.scalar(select(items.c.job_id).where(items.c.id == item_id))
            return job_id is not None and bool(record(connection, job_id, [(item_id, outcome)], time.time()))

    @again
    def finish_all(self, job_id: str, outcomes: Sequence[tuple[int, Outcome]]) -> list[int]:
        """The same for several items of one job; those that were not finished before."""
        with self.store.write() as connection:
            return record(connection, job_id, outcomes, time.time())

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
            job = ledger.lock(connection, job_id)
            ledger.expect(job, ACTIVE, "cancelled")
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
            ledger.report(connection, job_id, "end", now)
            ledger.count_end(connection, job.kind, "cancelled")

    def retry(self, job_id: str) -> None:
        """Queue the failed items of an ended job again. Raises JobUnknown, WrongState (also when nothing failed)."""
        with self.store.write() as connection:
            job = ledger.lock(connection, job_id)
            ledger.expect(job, ("completed", "cancelled"), "retried")
            if not job.failed:
                raise WrongState(f"Nothing failed in job {job_id}, so there is nothing to retry.")
            ledger.keep_failures(connection, job_id)
            failed = items.c.job_id == job_id, items.c.state == "failed"
            usable = or_(items.c.path.is_not(None), items.c.blob.is_not(None), items.c.page.is_not(None))
            connection.execute(update(items).where(*failed, usable).values(error_code=None, error_message=None))
            connection.execute(update(items).where(*failed).values(state="queued", attempts=0))
            connection.execute(
                update(jobs).where(jobs.c.id == job_id).values(state="queued", failed=0, finished_at=None)
            )
            ledger.report(connection, job_id, "progress", time.time())

    def _move(self, job_id: str, allowed: tuple[str, ...], to: str) -> None:
        with self.store.write() as connection:
            ledger.expect(ledger.lock(connection, job_id), allowed, to)
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(state=to))
            ledger.report(connection, job_id, "progress", time.time())

    def needed_blobs(self, keys: list[str]) -> set[str]:
        """Which of these blobs an unfinished or failed item still needs, or a document that is not yet listed."""
        waiting = items.c.state.in_(("queued", "running", "failed"))
        documents = select(jobs.c.options).where(
            jobs.c.kind == "document", or_(jobs.c.state.in_(ACTIVE), jobs.c.failed > 0)
        )
        with self.store.read() as connection:
            asked = list(connection.scalars(documents))
            needed = {options[name] for options in asked for name in ("blob", "secret") if name in options}
            needed &= set(keys)
            for start in range(0, len(keys), MOST_KEYS):
                some = items.c.blob.in_(keys[start : start + MOST_KEYS])
                needed.update(connection.scalars(select(items.c.blob).where(some, waiting)))
        return needed

    def waiting(self) -> dict[queues.Priority, tuple[int, float]]:
        """For each priority with photos that wait: how many, and since when the oldest job waits.

        Taken from the jobs' counts, as it is asked every few seconds however many photos wait.
        """
        left = jobs.c.total - jobs.c.done - jobs.c.failed - jobs.c.cancelled
        going = select(jobs.c.id, jobs.c.priority, jobs.c.created_at, left.label("left"))
        held = select(items.c.job_id).where(items.c.lease_owner > "")
        found: dict[queues.Priority, tuple[int, float]] = {}
        with self.store.read() as connection:
            running = Counter(connection.scalars(held))
            for row in connection.execute(going.where(jobs.c.state.in_(("queued", "running")))):
                count = row.left - running[row.id]
                if count > 0:
                    others, since = found.get(row.priority, (0, row.created_at))
                    found[row.priority] = others + count, min(since, row.created_at)
        return found

    def unfinished(self) -> dict[tuple[str, str], int]:
        """How many jobs of each kind and state have not ended."""
        query = select(jobs.c.kind, jobs.c.state, func.count()).where(jobs.c.state.in_(ACTIVE))
        with self.store.read() as connection:
            counted = connection.execute(query.group_by(jobs.c.kind, jobs.c.state))
            return {(kind, state): count for kind, state, count in counted}

    def listings(self) -> list[tuple[str, str]]:
        """Jobs (id, kind) whose folder or document is still being listed."""
        query = select(jobs.c.id, jobs.c.kind).where(jobs.c.listing.is_(True), jobs.c.state.in_(ACTIVE))
        with self.store.read() as connection:
            return [(row.id, row.kind) for row in connection.execute(query)]
