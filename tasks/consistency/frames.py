"""Frames: numbered without gaps, up to the number that their job has given last."""

import time
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, func, insert, or_, select, union, update

from tasks import ledger
from tasks.consistency.fault import Fault, Kept, some
from tasks.retention import EXPIRED
from tasks.store.models import events, items, jobs

BATCH: Final = 500
_told: Final = items.c.seq.is_not(None)
"""Of an item that is a frame itself."""


def gaps(kept: Kept) -> Iterator[Fault]:
    """Jobs whose frames have gaps, or go on after the last number."""
    each = union(select(events.c.job_id, events.c.seq), select(items.c.job_id, items.c.seq).where(_told)).subquery()
    by_job = select(each.c.job_id, func.count().label("n"), func.max(each.c.seq).label("top"))
    seen = by_job.group_by(each.c.job_id).subquery()
    number, top = func.coalesce(seen.c.n, 0), func.coalesce(seen.c.top, 0)
    there = or_(jobs.c.error_code.is_(None), jobs.c.error_code != EXPIRED)
    query = select(jobs.c.id).join(seen, seen.c.job_id == jobs.c.id, isouter=True)
    with kept.store.read() as connection:
        wrong = list(connection.scalars(query.where(there, or_(number != jobs.c.seq, top != jobs.c.seq))))
    if not wrong:
        return

    def mend() -> str:
        filled = 0
        for job_id in wrong:
            with kept.store.write() as connection:
                filled += _fill(connection, job_id)
        return f"{some(filled, 'frame')} of {some(len(wrong), 'job')} written anew"

    more = ", ..." if len(wrong) > 3 else ""
    yield Fault(f"{some(len(wrong), 'job')} with gaps in the frames: {', '.join(wrong[:3])}{more}", mend)


def _fill(connection: Connection, job_id: str) -> int:
    """Write a frame for each number that has none; how many. As nothing is known of it, the job says how it stands."""
    job = ledger.lock(connection, job_id)
    there = set(connection.scalars(select(events.c.seq).where(events.c.job_id == job_id)))
    there.update(connection.scalars(select(items.c.seq).where(items.c.job_id == job_id, _told)))
    top = max(job.seq, *there, 0)
    missing = sorted(set(range(1, top + 1)) - there)
    rows: list[dict[str, Any]] = []
    for seq in missing:
        ended = seq == top and job.state not in ledger.ACTIVE
        row = {"type": "end" if ended else "progress", "body": ledger.standing(job)}
        if seq == 1:
            row = {"type": "start", "body": {"kind": job.kind, "tasks": job.tasks}}
        rows.append({"job_id": job_id, "seq": seq, "at": job.finished_at or time.time(), **row})
    for start in range(0, len(rows), BATCH):
        connection.execute(insert(events), rows[start : start + BATCH])
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(seq=top))
    return len(rows)
