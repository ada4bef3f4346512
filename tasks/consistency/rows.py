"""Rows of jobs and items: whose job is gone, what is counted, what nobody holds, what ends too late or too early."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from tasks import ledger
from tasks.consistency.fault import Fault, Kept, some
from tasks.retention import EXPIRED
from tasks.store.models import events, items, jobs

BATCH: Final = 500
OPEN: Final = ("queued", "running")
ITEM_COUNTS: Final = {"done": "done", "failed": "failed", "cancelled": "cancelled"}
"""Columns of jobs by the state of items that they count."""

_there: Final = or_(jobs.c.error_code.is_(None), jobs.c.error_code != EXPIRED)
"""Jobs that are not being removed."""


def _open(job_id: Any) -> ColumnElement[bool]:
    return select(items.c.id).where(items.c.job_id == job_id, items.c.state.in_(OPEN)).exists()


def orphans(kept: Kept) -> Iterator[Fault]:
    """Items and frames whose job is gone."""
    for table, what in ((items, "item"), (events, "frame")):
        lost = ~select(jobs.c.id).where(jobs.c.id == table.c.job_id).exists()
        with kept.store.read() as connection:
            owners = list(connection.scalars(select(table.c.job_id).where(lost).distinct()))
            count = connection.scalar(select(func.count()).select_from(table).where(lost)) or 0

        def mend(table: Any = table, owners: list[str] = owners, says: str = some(count, what)) -> str:
            key = table.c.id if table is items else table.c.seq
            for owner in owners:
                mine = table.c.job_id == owner
                removed = BATCH
                while removed == BATCH:
                    part = select(key).where(mine).limit(BATCH)
                    with kept.store.write() as connection:
                        removed = connection.execute(delete(table).where(mine, key.in_(part))).rowcount
            return f"{says} without a job removed"

        if count:
            yield Fault(f"{some(count, what)} of jobs that are gone", mend)


def counts(kept: Kept) -> Iterator[Fault]:
    """Jobs that count other items than they have."""
    with kept.store.read() as connection:
        wrong = list(_wrong_counts(connection))
    if not wrong:
        return

    def mend() -> str:
        for job_id in wrong:
            with kept.store.write() as connection:
                ledger.lock(connection, job_id)
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(**_counted(connection, job_id)))
        return f"items of {some(len(wrong), 'job')} counted anew"

    yield Fault(f"{some(len(wrong), 'job')} with counts that are not those of their items: {_names(wrong)}", mend)


def _wrong_counts(connection: Connection) -> Iterator[str]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    by_state = select(items.c.job_id, items.c.state, func.count().label("n")).group_by(items.c.job_id, items.c.state)
    for row in connection.execute(by_state):
        found[row.job_id][row.state] = row.n
    for job in connection.execute(select(jobs).where(_there)):
        counted = found[job.id]
        if any(job._mapping[name] != number for name, number in _columns(counted).items()):
            yield job.id


def _counted(connection: Connection, job_id: str) -> dict[str, int]:
    query = select(items.c.state, func.count().label("n")).where(items.c.job_id == job_id).group_by(items.c.state)
    return _columns(Counter({row.state: row.n for row in connection.execute(query)}))


def _columns(counted: "Counter[str]") -> dict[str, int]:
    return {name: counted[state] for state, name in ITEM_COUNTS.items()} | {"total": counted.total()}


def leases(kept: Kept) -> Iterator[Fault]:
    """Items that are held by nobody: no service runs, or none would ever give them back."""
    held = items.c.lease_owner.is_not(None)
    ran_out = held & (items.c.lease_until < time.time()) if kept.idle else held & items.c.lease_until.is_(None)
    stuck = (items.c.state == "running") & (ran_out | items.c.lease_owner.is_(None))
    stray = (items.c.state != "running") & held
    with kept.store.read() as connection:
        waiting, strays = (connection.scalar(select(func.count(items.c.id)).where(w)) or 0 for w in (stuck, stray))

    def mend_stuck() -> str:
        with kept.store.write() as connection:
            free = {"lease_owner": None, "lease_until": None}
            given = connection.execute(update(items).where(stuck).values(state="queued", **free)).rowcount
        return f"{some(given, 'item')} queued again"

    def mend_stray() -> str:
        with kept.store.write() as connection:
            freed = connection.execute(update(items).where(stray).values(lease_owner=None, lease_until=None)).rowcount
        return f"{some(freed, 'lease')} ended"

    if waiting:
        yield Fault(f"{some(waiting, 'item')} at work with no worker", mend_stuck)
    if strays:
        yield Fault(f"{some(strays, 'item')} leased and not at work", mend_stray)


def unended(kept: Kept) -> Iterator[Fault]:
    """Unfinished jobs that have nothing left to do."""
    query = select(jobs.c.id).where(jobs.c.state.in_(ledger.ACTIVE), jobs.c.listing.is_(False), ~_open(jobs.c.id))
    with kept.store.read() as connection:
        over = list(connection.scalars(query))

    def mend() -> str:
        for job_id in over:
            with kept.store.write() as connection:
                ledger.lock(connection, job_id)
                ledger.complete_if_done(connection, job_id, time.time())
        return f"{some(len(over), 'job')} ended"

    if over:
        yield Fault(f"{some(len(over), 'unfinished job')} with nothing left to do: {_names(over)}", mend)


def ended_too_early(kept: Kept) -> Iterator[Fault]:
    """Jobs that have ended before their items."""
    query = select(jobs.c.id, jobs.c.state).where(jobs.c.state.in_(("completed", "cancelled")), _open(jobs.c.id))
    with kept.store.read() as connection:
        early = connection.execute(query).all()

    def mend() -> str:
        for row in early:
            with kept.store.write() as connection:
                ledger.lock(connection, row.id)
                changes: dict[str, Any] = {"state": "queued", "finished_at": None}
                if row.state == "cancelled":
                    free = {"lease_owner": None, "lease_until": None}
                    waiting = items.c.job_id == row.id, items.c.state.in_(OPEN)
                    connection.execute(update(items).where(*waiting).values(state="cancelled", **free))
                    changes = _counted(connection, row.id)
                connection.execute(update(jobs).where(jobs.c.id == row.id).values(**changes))
                ledger.report(connection, row.id, "progress" if row.state == "completed" else "end", time.time())
        return f"{some(len(early), 'job')} that had ended too early put right"

    if early:
        names = _names([row.id for row in early])
        yield Fault(f"{some(len(early), 'ended job')} with items that are not finished: {names}", mend)


def _names(ids: list[str]) -> str:
    return ", ".join(ids[:3]) + (", ..." if len(ids) > 3 else "")
