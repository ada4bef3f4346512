"""What became of items, recorded for several of a job at once: results, states, counts, frames in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from tasks import ledger, results
from tasks.again import replacing, reprocess, standing
from tasks.again.standing import Shown
from tasks.errors import JobUnknown
from tasks.library import known
from tasks.results import Finding
from tasks.search import index
from tasks.search.index import Entry
from tasks.store.models import events, items, jobs
from tasks.store.rows import change, one_of

Keep = Callable[[Connection, Sequence[tuple[str, Finding]], float], list[int]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item.

    Attributes:
        results: ids of results that are kept already, by analysis.
        found: results that are to be kept with it.
        taken_at: when its photo was taken, as that says; seconds since 1970.
        changed_at: when its file was changed; the same.
        cached: analyses that needed no inference.
        error_code: None where all went well.
    """

    results: dict[str, int] | None = None
    cached: tuple[str, ...] = ()
    sha256: str | None = None
    width: int | None = None
    height: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    found: tuple[Finding, ...] = ()
    taken_at: float | None = None
    changed_at: float | None = None

    @property
    def state(self) -> str:
        """Of its item."""
        return "failed" if self.error_code else "done"

    @property
    def all_cached(self) -> bool:
        """Whether nothing had to be run."""
        known = set(self.results or ())
        return not self.error_code and not self.found and bool(known) and known == set(self.cached)


def record(connection: Connection, job_id: str, outcomes: Sequence[tuple[int, Outcome]], now: float) -> list[int]:
    """Record outcomes by items' ids; those of them that were not finished before, in their order.

    Counts, frames and the job's end are written under the lock of the job's row. An item whose result was forgotten
    since it was looked up is not finished: it is given back with its lease, and looked at again.
    """
    try:
        job = ledger.lock(connection, job_id)
    except JobUnknown:  # it expired, and its items with it
        return []
    unfinished = _unfinished(connection, job_id, [item_id for item_id, _ in outcomes])
    there = results.held(connection, (key for _, outcome in outcomes for key in (outcome.results or {}).values()))
    fresh = {
        item_id: outcome
        for item_id, outcome in outcomes
        if item_id in unfinished and there.issuperset((outcome.results or {}).values())
    }
    if not fresh:
        return []
    by_hand = job.kind == reprocess.KIND
    shows = _keep(connection, fresh, now, replacing.keep_all if by_hand else results.keep_all)
    chosen = {} if by_hand else standing.chosen(connection, {key: (fresh[key].sha256, shows[key]) for key in shows})
    _update_items(connection, unfinished, fresh, shows | chosen, job.seq, now)
    known.learn(connection, (_learnt(unfinished[item_id], outcome) for item_id, outcome in fresh.items()))
    entries = (_entry(job, unfinished[key], fresh[key], ids, chosen.get(key)) for key, ids in shows.items())
    index.put(connection, entries, now)
    _update_job(connection, job, fresh, now)
    return list(fresh)


def _unfinished(connection: Connection, job_id: str, ids: Sequence[int]) -> dict[int, Row[Any]]:
    """Those of these items that are a job's and not finished; all else but their ids is looked at here.

    PostgreSQL would take the job for the rarer thing and read the whole of its index, however many items it has.
    """
    columns = (items.c[name] for name in ("id", "job_id", "state", "file", "stamp", "name", "path", "page", "sha256"))
    rows = connection.execute(select(*columns).where(one_of(connection, items.c.id, ids)))
    return {row.id: row for row in rows if row.job_id == job_id and row.state in ("queued", "running")}


def _learnt(item: Row[Any], outcome: Outcome) -> known.Learnt:
    deadly, content = outcome.error_code == known.POISON, None if outcome.error_code else outcome.sha256
    return item.file, item.stamp, content, outcome.error_message if deadly else None


def _entry(job: Row[Any], item: Row[Any], outcome: Outcome, ids: Shown, chosen: Shown | None) -> Entry:
    """What a search is told of a photo or page; `chosen` is what it shows in place of what was found now."""
    return Entry(
        sha256=outcome.sha256 or item.sha256,
        name=str(job.options.get("name") or item.name) if item.page else item.name,
        results=chosen or ids,
        width=outcome.width or 0,
        height=outcome.height or 0,
        page=item.page or 0,
        path=item.path,
        job_id=job.id,
        taken_at=outcome.taken_at,
        changed_at=outcome.changed_at or known.changed_at(item.stamp),
        found={} if chosen else {finding.analysis: finding for finding in outcome.found},
    )


def _keep(connection: Connection, fresh: dict[int, Outcome], now: float, keep: Keep) -> dict[int, Shown]:
    """Keep what was found; the rows of what each item has that went well."""
    found = [(outcome.sha256 or "", finding) for outcome in fresh.values() for finding in outcome.found]
    kept = iter(keep(connection, found, now))
    rows = {
        item_id: {**(outcome.results or {}), **{finding.analysis: next(kept) for finding in outcome.found}}
        for item_id, outcome in fresh.items()
    }
    return {item_id: ids for item_id, ids in rows.items() if not fresh[item_id].error_code}


def _update_items(
    connection: Connection,
    before: dict[int, Row[Any]],
    fresh: dict[int, Outcome],
    shows: dict[int, Shown],
    seq: int,
    now: float,
) -> None:
    """Write what became of items."""
    rows = [
        {
            "id": item_id,
            "state": outcome.state,
            "seq": number,
            "results": shows.get(item_id),
            "cached": list(outcome.cached),
            "sha256": outcome.sha256 or before[item_id].sha256,
            "width": outcome.width,
            "height": outcome.height,
            "error_code": outcome.error_code,
            "error_message": outcome.error_message,
            "lease_owner": None,
            "lease_until": None,
            "finished_at": now,
        }
        for number, (item_id, outcome) in enumerate(fresh.items(), seq + 1)
    ]
    change(connection, items, ["id"], rows)


def _update_job(connection: Connection, job: Row[Any], fresh: dict[int, Outcome], now: float) -> None:
    """Count what is finished, number its frames, and end the job with its last item."""
    failed = sum(outcome.error_code is not None for outcome in fresh.values())
    counts = ledger.counts(job) | {
        "done": job.done + len(fresh) - failed,
        "failed": job.failed + failed,
        "cached": job.cached + sum(outcome.all_cached for outcome in fresh.values()),
    }
    changes: dict[str, Any] = {name: counts[name] for name in ("done", "failed", "cached")}
    frame: tuple[str, dict[str, Any]] | None = None
    if not job.listing and counts["done"] + counts["failed"] + counts["cancelled"] >= counts["total"]:
        frame = "end", {"state": "completed", **counts}
        changes |= {"state": "completed", "finished_at": now, "started_at": job.started_at or now}
        ledger.count_end(connection, job.kind, "completed")
    elif job.progress_at < now - ledger.PROGRESS_EVERY_S:
        frame = "progress", {"state": job.state, **counts}
        changes["progress_at"] = now
    changes["seq"] = job.seq + len(fresh) + (frame is not None)
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(**changes))
    if frame:
        said = {"type": frame[0], "body": frame[1], "at": now}
        connection.execute(insert(events).values(job_id=job.id, seq=changes["seq"], **said))
