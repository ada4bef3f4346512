"""What workers do to jobs: draw photos, count attempts before they start, give back what they cannot finish."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from tasks import queues
from tasks.store.models import items, jobs
from tasks.store.session import Store


@dataclass(frozen=True, slots=True)
class LeasedItem:
    """A photo that a worker has drawn; `attempts` counts the starts before this one."""

    id: int
    name: str
    blob: str | None
    path: str | None
    sha256: str | None
    page: int | None
    attempts: int


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
        drawn = tuple(LeasedItem(**row._mapping) for row in rows)
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

    def renew(self, item_id: int, owner: str, ttl_s: float) -> bool:
        """Keep an item that takes long; False where it is no longer the owner's, as once its job was cancelled."""
        mine = (items.c.id == item_id, items.c.state == "running", items.c.lease_owner == owner)
        with self.store.read() as connection:
            until = connection.execute(select(items.c.lease_until).where(*mine)).scalar()
        if until is None:
            return False
        if until - time.time() < ttl_s / 2:
            with self.store.write() as connection:
                connection.execute(update(items).where(*mine).values(lease_until=time.time() + ttl_s))
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

    def release_expired(self) -> int:
        """Give back photos whose lease ran out without a sign of life; their number."""
        with self.store.write() as connection:
            done = connection.execute(
                update(items)
                .where(items.c.state == "running", items.c.lease_until < time.time())
                .values(state="queued", lease_owner=None, lease_until=None)
            )
            return done.rowcount

    def owners(self) -> set[str]:
        """All who hold leases now."""
        with self.store.read() as connection:
            held = select(items.c.lease_owner).where(items.c.lease_owner.is_not(None)).distinct()
            return set(connection.scalars(held))


def _pick(connection: Connection, job_id: str, limit: int) -> Sequence[Any]:
    columns = (items.c.id, items.c.name, items.c.blob, items.c.path, items.c.sha256, items.c.page, items.c.attempts)
    queued = (
        select(*columns)
        .where(items.c.job_id == job_id, items.c.state == "queued")
        .order_by(items.c.id)
        .with_for_update(skip_locked=True)
    )
    fresh = connection.execute(queued.where(items.c.attempts == 0).limit(limit)).all()
    return fresh or connection.execute(queued.limit(1)).all()
