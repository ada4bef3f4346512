"""What is kept no longer: jobs, findings and known files that are past their time, or too much.

All goes in transactions of a few hundred rows with pauses in which others write, and for BUDGET_S at a time, so that
whoever waits notices nothing. A finding that an item of a kept job shows stays, whatever its age.
"""

import itertools
import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Text, cast, delete, func, select, update

from tasks import liveness
from tasks.again import past
from tasks.broker import PREFIX
from tasks.search import leaving
from tasks.store.models import events, files, items, jobs, results
from tasks.store.session import Store

if TYPE_CHECKING:
    from tasks.worker import Worker

BATCH: Final = 300
BUDGET_S: Final = 2.0
REST_S: Final = 0.1
DAY_S: Final = 86400.0
WALK_EVERY_S: Final = 3600.0
"""Findings that are shown are looked at again and again, so not too often."""

SAMPLE: Final = 500
ROW_BYTES: Final = 300
"""What a finding takes beside its body, in its row and in indexes."""

EXPIRED: Final = "expired"
"""Code of a job that is being removed: it cannot be retried, and whoever looks at it knows why it tells less."""

_PLACE: Final = PREFIX + "retention:place"


def apply(worker: "Worker") -> bool:
    """Remove what is to go; False where time was over before all of it was gone."""
    settings, store, now = worker.settings, worker.store, time.time()
    ends = time.monotonic() + min(BUDGET_S, settings.heartbeat_s)  # other upkeep waits for it

    def repeat(step: Callable[[], int]) -> bool:
        """Make a step until nothing is left to do; False where time is over before that."""
        while True:
            started = time.monotonic()
            if not step():
                return True
            pause = min(time.monotonic() - started, REST_S)
            if worker.stopping.wait(pause) or time.monotonic() > ends:
                return False

    over = expire_jobs(store, now - settings.job_ttl_days * DAY_S, settings.jobs_max_items)
    done = repeat(lambda: remove_jobs(store, over))
    if settings.library_ttl_days:
        done &= repeat(lambda: forget_files(store, now - settings.library_ttl_days * DAY_S))
    if settings.result_ttl_days:
        # After findings of its time, or a rescan could be answered from what was replaced.
        replaced = now - settings.result_ttl_days * DAY_S - 2 * WALK_EVERY_S
        done &= repeat(lambda: past.forget(store, replaced))
    done &= repeat(lambda: leaving.remove_gone(store, now - leaving.GONE_S))
    return done & _walk_results(worker, now, repeat)


def expire_jobs(store: Store, before: float, most_items: int = 0) -> list[str]:
    """Mark ended jobs that are to be removed, and those of earlier that are not gone yet; their ids.

    Args:
        before: seconds since 1970; what ended earlier is to go.
        most_items: of all ended jobs; the oldest beyond it are to go, the newest one stays. 0: however many.
    """
    query = select(jobs.c.id, jobs.c.total, jobs.c.finished_at).where(jobs.c.finished_at.is_not(None))
    with store.read() as connection:
        ended = connection.execute(query.order_by(jobs.c.finished_at.desc())).all()
    held = itertools.accumulate(row.total for row in ended)
    over = [
        row.id
        for place, (row, items_held) in enumerate(zip(ended, held, strict=True))
        if row.finished_at < before or (most_items and place and items_held > most_items)
    ]
    says = {"error_code": EXPIRED, "error_message": "Its time is over, and it is being removed."}
    for start in range(0, len(over), BATCH):
        with store.write() as connection:
            unless_retried = jobs.c.id.in_(over[start : start + BATCH]), jobs.c.finished_at.is_not(None)
            connection.execute(update(jobs).where(*unless_retried).values(state="failed", finished_at=0.0, **says))
    return over


def remove_jobs(store: Store, over: list[str]) -> int:
    """Remove some hundred frames and items of marked jobs, and then the jobs, which leave the list; how many rows."""
    removed = 0
    with store.write() as connection:
        while over and removed < BATCH:
            marked = jobs.c.id == over[-1], jobs.c.error_code == EXPIRED
            if connection.scalar(select(jobs.c.id).where(*marked)):
                # The last frame last, so that who follows the job sees it as long as the job is there.
                some = _remove(connection, over[-1], items, items.c.id, BATCH - removed)
                some += _remove(connection, over[-1], events, events.c.seq, BATCH - removed - some)
                removed += some
                if removed >= BATCH:
                    break
                removed += connection.execute(delete(jobs).where(*marked)).rowcount
            over.pop()
    return removed


def _remove(connection: Connection, job_id: str, table: Any, key: Any, most: int) -> int:
    if most <= 0:
        return 0
    some = select(key).where(table.c.job_id == job_id).limit(most)
    if table is events:
        some = some.order_by(key)
    return connection.execute(delete(table).where(table.c.job_id == job_id, key.in_(some))).rowcount


def forget_files(store: Store, before: float) -> int:
    """Forget some hundred known files that no rescan has listed since; how many."""
    unseen = select(files.c.key).where(files.c.seen_at < before).limit(BATCH).with_for_update(skip_locked=True)
    with store.write() as connection:
        return connection.execute(delete(files).where(files.c.key.in_(unseen))).rowcount


def _walk_results(worker: "Worker", now: float, repeat: Callable[[Callable[[], int]], bool]) -> bool:
    """Go through findings from the oldest on; where time is over, the next one goes on in the same place."""
    settings, client = worker.settings, worker.redis
    if not settings.result_ttl_days and not settings.results_max_mb:
        return True
    place: Any = client.get(_PLACE)
    if place is None and not liveness.claim(client, "retention:results", WALK_EVERY_S):
        return True
    before = now - settings.result_ttl_days * DAY_S if settings.result_ttl_days else 0.0
    most = settings.results_max_mb * 2**20
    walk = Walk(worker.store, before, excess(worker.store, most) if most else 0, int(place or 0))
    if repeat(walk.step):
        client.delete(_PLACE)
        return True
    client.set(_PLACE, walk.after, ex=int(WALK_EVERY_S))
    return False


def excess(store: Store, most_bytes: int) -> int:
    """About how many findings are too many: of their sizes a sample is looked at, however many there are."""
    with store.read() as connection:
        low, high = connection.execute(select(func.min(results.c.id), func.max(results.c.id))).one()
        if low is None:
            return 0
        span = range(low, high + 1)
        looked_at = span if len(span) <= SAMPLE else random.sample(span, SAMPLE)
        length = select(func.length(cast(results.c.body, Text))).where(results.c.id.in_(looked_at))
        sizes = [size + ROW_BYTES for size in connection.scalars(length)]
    share = len(span) / len(looked_at)  # some of the numbers may be nobody's
    held = sum(sizes) * share
    return round((held - most_bytes) / held * len(sizes) * share) if held > most_bytes else 0


class Walk:
    """A walk through the findings in the order in which they were made.

    Args:
        before: seconds since 1970; what was found earlier is to go.
        excess: so many of the oldest are to go, however old they are.
        after: the row after which it begins.
    """

    def __init__(self, store: Store, before: float, excess: int = 0, after: int = 0) -> None:
        self._store = store
        self._before = before
        self._excess = excess
        self.after = after
        self.removed = 0

    def step(self) -> int:
        """Look at some hundred findings and remove what is to go; how many were looked at."""
        query = select(results.c.id, results.c.sha256, results.c.created_at).where(results.c.id > self.after)
        with self._store.read() as connection:
            found = connection.execute(query.order_by(results.c.id).limit(BATCH)).all()
            shown = _shown(connection, found)
        free = [row for row in found if row.id not in shown]
        too_many = self._excess - self.removed
        over = [row.id for place, row in enumerate(free) if row.created_at < self._before or place < too_many]
        if over:
            self.removed += _forget(self._store, over)
        if not found or (self._excess <= self.removed and found[-1].created_at >= self._before):
            return 0
        self.after = found[-1].id
        return len(found)


def _forget(store: Store, ids: Sequence[int]) -> int:
    """Remove findings that still nobody shows; who is about to show one has locked it."""
    locked = select(results.c.id, results.c.sha256).where(results.c.id.in_(ids)).with_for_update(skip_locked=True)
    with store.write() as connection:
        found = connection.execute(locked).all()
        shown = _shown(connection, found)
        over = [row.id for row in found if row.id not in shown]
        leaving.forget(connection, over)
        return connection.execute(delete(results).where(results.c.id.in_(over))).rowcount if over else 0


def _shown(connection: Connection, found: Sequence[Any]) -> set[int]:
    contents = {row.sha256 for row in found}
    kept = connection.scalars(select(items.c.results).where(items.c.sha256.in_(contents)))
    return {key for ids in kept for key in (ids or {}).values()}
