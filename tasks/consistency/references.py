"""What items refer to: their results, and their uploads."""

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select, update

from tasks import ledger
from tasks.blobs import Spool
from tasks.consistency.fault import Fault, Kept, some
from tasks.errors import BlobMissing
from tasks.jobs import Outcome
from tasks.store.models import items, jobs, results

CHUNK: Final = 500
OPEN: Final = ("queued", "running")
GONE: Final = "The upload is no longer there. Send the picture again."


def results_gone(kept: Kept) -> Iterator[Fault]:
    """Finished items whose results are gone: they are looked at again."""
    with kept.store.read() as connection:
        lost = _lost(connection)
    count = sum(len(ids) for ids in lost.values())

    def mend() -> str:
        for job_id, ids in lost.items():
            for start in range(0, len(ids), CHUNK):
                with kept.store.write() as connection:
                    _look_again(connection, job_id, ids[start : start + CHUNK])
        return f"{some(count, 'item')} without their results queued again, or failed where their job was cancelled"

    if count:
        yield Fault(f"{some(count, 'finished item')} whose results are gone", mend)


def _lost(connection: Connection) -> dict[str, list[int]]:
    """Ids of items by their job, in chunks, as there may be millions."""
    lost: dict[str, list[int]] = defaultdict(list)
    query = select(items.c.id, items.c.job_id, items.c.results).where(items.c.state == "done").order_by(items.c.id)
    after = 0
    while rows := connection.execute(query.where(items.c.id > after).limit(CHUNK)).all():
        wanted = {key for row in rows for key in (row.results or {}).values()}
        there = set(connection.scalars(select(results.c.id).where(results.c.id.in_(wanted)))) if wanted else set()
        for row in rows:
            if not there.issuperset((row.results or {}).values()):
                lost[row.job_id].append(row.id)
        after = rows[-1].id
    return lost


def _look_again(connection: Connection, job_id: str, ids: Sequence[int]) -> None:
    """Queue items of a job that goes on or was whole; of a cancelled one they fail, so that `retry` looks at them."""
    job = ledger.lock(connection, job_id)
    rows = connection.execute(
        select(items.c.id, items.c.seq, items.c.results, items.c.cached).where(
            items.c.id.in_(ids), items.c.state == "done"
        )
    ).all()
    body = {"status": "done", "error": None}
    # A frame tells what it told, whatever becomes of the item.
    ledger.keep_frames(connection, job_id, ((row.seq, row.id, body) for row in rows if row.seq is not None))
    again = job.state in (*ledger.ACTIVE, "completed")
    values: dict[str, Any] = {"state": "queued", "attempts": 0, "results": None, "cached": None, "finished_at": None}
    if not again:
        values |= {"state": "failed", "error_code": "result_missing", "error_message": "What was found is gone."}
    connection.execute(update(items).where(items.c.id.in_(ids), items.c.state == "done").values(values))
    cached = sum(bool(row.results) and set(row.results) == set(row.cached or ()) for row in rows)
    changes: dict[str, Any] = {"done": job.done - len(rows), "cached": max(0, job.cached - cached)}
    if not again:
        changes["failed"] = job.failed + len(rows)
    elif job.state == "completed":
        changes |= {"state": "queued", "finished_at": None}
    connection.execute(update(jobs).where(jobs.c.id == job_id).values(**changes))
    ledger.report(connection, job_id, "progress", time.time())


def uploads_gone(kept: Kept) -> Iterator[Fault]:
    """Unfinished items, and documents that are not listed, whose upload is gone."""
    if kept.blobs is None:
        return
    waiting = select(items.c.id, items.c.job_id, items.c.blob).where(items.c.state.in_(OPEN), items.c.blob.is_not(None))
    unlisted = select(jobs.c.id, jobs.c.options).where(
        jobs.c.kind == "document", jobs.c.listing.is_(True), jobs.c.state.in_(ledger.ACTIVE)
    )
    with kept.store.read() as connection:
        photos = connection.execute(waiting).all()
        documents = connection.execute(unlisted).all()
    keys = {row.blob for row in photos} | {row.options["blob"] for row in documents}
    missing = keys - kept.blobs.there(keys)
    by_job: dict[str, list[int]] = defaultdict(list)
    for row in photos:
        if row.blob in missing:
            by_job[row.job_id].append(row.id)
    whole = [row.id for row in documents if row.options["blob"] in missing]
    count = sum(len(ids) for ids in by_job.values())

    def mend() -> str:
        lost = Outcome(error_code=BlobMissing.code, error_message=GONE)
        for job_id, ids in by_job.items():
            for start in range(0, len(ids), CHUNK):
                kept.jobs.finish_all(job_id, [(each, lost) for each in ids[start : start + CHUNK]])
        for job_id in whole:
            kept.jobs.finish_listing(job_id, (BlobMissing.code, GONE))
        return f"{some(count + len(whole), 'item')} without an upload failed, with the code {BlobMissing.code}"

    if missing:
        yield Fault(f"{some(count + len(whole), 'unfinished item')} whose upload is gone", mend)


def uploads_unneeded(kept: Kept) -> Iterator[Fault]:
    """Uploads in a folder that nobody needs, and that no worker has swept; elsewhere the next sweep finds them."""
    spool = kept.blobs
    if not isinstance(spool, Spool):
        return
    old = spool.older_than(kept.blob_ttl_s)
    over = set(old) - kept.jobs.needed_blobs(list(old))

    def mend() -> str:
        return f"{some(spool.sweep(kept.blob_ttl_s, kept.jobs.needed_blobs), 'upload')} removed"

    if over:
        yield Fault(f"{some(len(over), 'upload')} that nobody needs", mend)
