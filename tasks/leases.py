"""What workers do to jobs: draw photos, and give back what they cannot finish.

Drawing counts an attempt, so it is counted before any work begins; what is given back in order was no attempt. What a
worker held when it died is drawn again after everything else, in leases of half the size, so that the photo that kills
its worker is soon alone and the innocent ones are done.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, func, select, update

from monitoring import metrics
from tasks import queues
from tasks.store.again import again
from tasks.store.models import items, jobs
from tasks.store.rows import one_of
from tasks.store.session import Store

SHARES: Final = 8
"""Who draws a share of what waits takes the eighth part of it."""

LEAST: Final = 2
"""But so many photos at least."""


@dataclass(frozen=True, slots=True)
class LeasedItem:
    """A photo that a worker has drawn.

    Attributes:
        attempts: starts before this one that ended with their worker.
        lease_size: items that it was drawn with at the last of them.
        error_message: how that worker died, where somebody knows; or, with an `error_code`, why it was refused.
        tasks: what is to be looked for, where that is not what its job says.
    """

    id: int
    name: str
    blob: str | None
    path: str | None
    sha256: str | None
    page: int | None
    attempts: int
    lease_size: int
    error_message: str | None
    error_code: str | None = None
    tasks: list[str] | None = None

    def spent(self, most: int) -> bool:
        """Whether it took its worker down alone, and was started so many times."""
        return self.attempts >= most and self.lease_size == 1


@dataclass(frozen=True, slots=True)
class Lease:
    """Photos or pages of one job, drawn by one worker until `until` (seconds since 1970)."""

    job_id: str
    tasks: tuple[str, ...]
    options: dict[str, Any]
    items: tuple[LeasedItem, ...]
    until: float


class Leases:
    """The workers' side of the state machine in `tasks.jobs`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @again
    def draw(
        self, owner: str, priority: queues.Priority, limit: int, ttl_s: float, share: bool = False
    ) -> Lease | None:
        """Draw photos of the least recently drawn job.

        Args:
            owner: the worker, `name/instance`.
            limit: photos at most.
            ttl_s: seconds until the lease may be given to another.
            share: no more than a part of what waits, or at the end of a job, and in a small one, the threads that
                come later would have nothing to do while one has photos enough for all.
        """
        now = time.time()
        with self.store.write() as connection:
            chosen = _choose(connection, priority, limit, share)
            if chosen is None:
                return None
            job, rows = chosen
            connection.execute(
                update(items)
                .where(one_of(connection, items.c.id, [row.id for row in rows]))
                .values(
                    state="running",
                    lease_owner=owner,
                    lease_until=now + ttl_s,
                    attempts=items.c.attempts + 1,
                    lease_size=len(rows),
                )
            )
            changes: dict[str, Any] = {"drawn_at": now, "state": "running"}
            if job.state == "queued":
                changes["started_at"] = func.coalesce(jobs.c.started_at, now)
            connection.execute(update(jobs).where(jobs.c.id == job.id).values(**changes))
        if job.started_at is None:
            metrics.QUEUE_WAIT.labels(queues.JOB_QUEUES[priority]).observe(max(0.0, now - job.created_at))
        drawn = tuple(LeasedItem(**row._mapping) for row in rows)
        return Lease(job.id, tuple(job.tasks), dict(job.options), drawn, now + ttl_s)

    @again
    def hold(self, job_id: str, owner: str, ttl_s: float) -> bool:
        """Keep a lease that takes long; False where it is to be worked on no further.

        That is when its job is paused, cancelled or gone, or others were given its items.
        """
        going = select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.state == "running").exists()
        return self._keep(owner, ttl_s, items.c.job_id == job_id, going)

    @again
    def renew(self, item_id: int, owner: str, ttl_s: float) -> bool:
        """Keep an item that takes long; False where it is no longer the owner's, as once its job was cancelled."""
        return self._keep(owner, ttl_s, items.c.id == item_id)

    def _keep(self, owner: str, ttl_s: float, which: ColumnElement[bool], *provided: ColumnElement[bool]) -> bool:
        """Put off the end of a lease when half of it is over; False where the owner has it no more, or not `provided`.

        Nothing is written before that, as this is asked often.
        """
        mine = (which, items.c.lease_owner == owner, items.c.state == "running")
        with self.store.read() as connection:
            until = connection.scalar(select(func.min(items.c.lease_until)).where(*mine, *provided))
        if until is None:
            return False
        if until - time.time() < ttl_s / 2:
            with self.store.write() as connection:
                connection.execute(update(items).where(*mine).values(lease_until=time.time() + ttl_s))
        return True

    def release(self, owner: str) -> int:
        """Give back in order what a worker drew and did not finish; the number of photos."""
        return self._give_back(items.c.lease_owner == owner, attempts=items.c.attempts - 1)

    def release_dead(self, owner: str, how: str | None = None) -> int:
        """Give back what a worker held when it died; `how` it died, if that is known. The number of photos."""
        return self._give_back(items.c.lease_owner == owner, **({"error_message": how} if how else {}))

    def blame(self, owner: str, item_id: int, how: str) -> None:
        """Give back what a worker held that knows which photo it dies of, and `how`: that one alone counts a start."""
        self._give_back((items.c.lease_owner == owner) & (items.c.id == item_id), lease_size=1, error_message=how)
        self.release(owner)

    def release_expired(self) -> int:
        """Give back photos whose lease ran out without a sign of life; their number."""
        return self._give_back((items.c.lease_owner > "") & (items.c.lease_until < time.time()))  # by the owners' index

    @again
    def _give_back(self, which: ColumnElement[bool], **changes: Any) -> int:
        with self.store.write() as connection:
            done = connection.execute(
                update(items)
                .where(which, items.c.state == "running")
                .values(state="queued", lease_owner=None, lease_until=None, **changes)
            )
            return done.rowcount

    def owners(self) -> set[str]:
        """All who hold leases now."""
        with self.store.read() as connection:
            held = select(items.c.lease_owner).where(items.c.lease_owner.is_not(None)).distinct()
            return set(connection.scalars(held))


def _choose(
    connection: Connection, priority: queues.Priority, limit: int, share: bool
) -> tuple[Any, Sequence[Any]] | None:
    """The least recently drawn job that has something to draw, locked, and what is drawn; None where none has.

    The job is looked for without a lock and looked at again under it. Another worker that holds it is waited for, as
    it is done soon: passing its job over would send this worker home while thousands of photos wait.
    """
    waiting = select(items.c.id).where(items.c.job_id == jobs.c.id, items.c.state == "queued").exists()
    drawable = jobs.c.state.in_(("queued", "running")) & (jobs.c.priority == priority)
    oldest = select(jobs.c.id).where(drawable, waiting).order_by(jobs.c.drawn_at, jobs.c.created_at).limit(1)
    while (job_id := connection.scalar(oldest)) is not None:
        columns = select(*(jobs.c[name] for name in ("id", "tasks", "options", "state", "created_at", "started_at")))
        job = connection.execute(columns.where(jobs.c.id == job_id, drawable).with_for_update()).first()
        if job is not None and (rows := _pick(connection, job.id, limit, share)):
            return job, rows
    return None


def _pick(connection: Connection, job_id: str, limit: int, share: bool) -> Sequence[Any]:
    """What nobody has started yet; then half of those that were with a worker when it died.

    What is queued changes under the job's lock only, so none of it need be locked.
    """
    columns = [items.c[field.name] for field in fields(LeasedItem)]
    waits = (items.c.job_id == job_id) & (items.c.state == "queued")
    if share and limit > LEAST:
        some = select(items.c.id).where(waits).limit(SHARES * limit).subquery()
        waiting = connection.scalar(select(func.count()).select_from(some)) or 0
        limit = max(LEAST, min(limit, waiting // SHARES))
    queued = select(*columns).where(waits).limit(limit)
    fresh = connection.execute(queued.where(items.c.attempts == 0).order_by(items.c.id)).all()
    if fresh:
        return fresh
    suspects = connection.execute(queued.order_by(items.c.lease_size.desc(), items.c.id)).all()
    if not suspects:
        return []
    together = suspects[0].lease_size
    return [row for row in suspects if row.lease_size == together][: max(1, together // 2)]
