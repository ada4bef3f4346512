"""Reading jobs and their items: what the state machine wrote, put together for clients."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Row, and_, func, or_, select

from tasks import ledger, results
from tasks.again import corrections
from tasks.analyses import DOCUMENT
from tasks.errors import JobUnknown
from tasks.events import item_fields
from tasks.store.models import items, jobs
from tasks.store.session import Store

PAGES_AT_ONCE = 32
RATE_WINDOW = 100
"""Frames, most of them of photos, over which a running job's rate is taken."""


def job(store: Store, job_id: str) -> dict[str, Any]:
    """One job as clients see it, but for its links. Raises JobUnknown."""
    with store.read() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
        if row is None:
            raise JobUnknown(f"There is no job {job_id}.")
        running = connection.scalar(select(func.count()).where(items.c.job_id == job_id, items.c.state == "running"))
        newest = items.c.job_id == job_id, items.c.seq > row.seq - RATE_WINDOW
        window = connection.execute(select(func.count(), func.min(items.c.finished_at)).where(*newest)).one()
    return _job(row, running or 0, window[0], window[1])


def options(store: Store, job_id: str) -> dict[str, Any]:
    """What a job was asked for. Raises JobUnknown."""
    with store.read() as connection:
        found: dict[str, Any] | None = connection.scalar(select(jobs.c.options).where(jobs.c.id == job_id))
    if found is None:
        raise JobUnknown(f"There is no job {job_id}.")
    return found


def list_jobs(
    store: Store, limit: int, cursor: str | None = None, *, state: str | None = None, kind: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Jobs, newest first, and the cursor of the next page.

    Raises:
        ValueError: for a cursor that is none.
    """
    query = select(jobs.c.id, jobs.c.created_at).order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit + 1)
    if state:
        query = query.where(jobs.c.state == state)
    if kind:
        query = query.where(jobs.c.kind == kind)
    if cursor:
        at, _, last = cursor.partition("-")
        query = query.where(or_(jobs.c.created_at < float(at), and_(jobs.c.created_at == float(at), jobs.c.id < last)))
    with store.read() as connection:
        rows = connection.execute(query).all()
    page = [job(store, row.id) for row in rows[:limit]]
    last_row = rows[limit - 1] if len(rows) > limit else None
    return page, f"{last_row.created_at!r}-{last_row.id}" if last_row else None


def finished(store: Store, job_id: str, after: int, limit: int, status: str | None = None) -> list[dict[str, Any]]:
    """Finished items of a job in the order of their frames, after a frame's number. Raises JobUnknown.

    Args:
        status: `done` or `failed`; None for both.
    """
    wanted = (status,) if status else ("done", "failed")
    with store.snapshot() as connection:
        if connection.execute(select(jobs.c.id).where(jobs.c.id == job_id)).first() is None:
            raise JobUnknown(f"There is no job {job_id}.")
        rows = connection.execute(
            select(items)
            .where(items.c.job_id == job_id, items.c.seq > after, items.c.state.in_(wanted))
            .order_by(items.c.seq)
            .limit(limit)
        ).all()
        corrected = corrections.of_items(connection, rows)
        found = results.among(connection, {key for row in rows for key in (row.results or {}).values()})
    return [item_fields(row, found, corrected) for row in rows]


def photo_source(store: Store, job_id: str, item_id: int) -> tuple[str | None, str | None]:
    """Path as the store has it, or blob, of a photo of a job; neither where it has no such photo."""
    query = select(items.c.path, items.c.blob).where(
        items.c.id == item_id, items.c.job_id == job_id, items.c.page.is_(None)
    )
    with store.read() as connection:
        row = connection.execute(query).first()
    return (row.path, row.blob) if row is not None else (None, None)


def has_page(store: Store, job_id: str, number: int) -> bool:
    """Whether a job is a document with this page."""
    query = select(items.c.id).where(items.c.job_id == job_id, items.c.page == number)
    with store.read() as connection:
        return connection.execute(query).first() is not None


USAGE = ("prompt_tokens", "completion_tokens", "prompt_chars", "completion_chars")


def unfinished_documents(store: Store) -> list[str]:
    """Kind (`pdf` or `image`) of each document that has not ended."""
    query = select(jobs.c.options).where(jobs.c.kind == DOCUMENT, jobs.c.state.in_(("queued", "running", "paused")))
    with store.read() as connection:
        return [str(asked.get("kind")) for asked in connection.scalars(query)]


def page_numbers(store: Store, job_id: str) -> dict[int, int]:
    """Pages of a document that are done, in order, and the rows of their findings."""
    query = select(items.c.page, items.c.results).where(items.c.job_id == job_id, items.c.state == "done")
    with store.read() as connection:
        rows = connection.execute(query.order_by(items.c.page)).all()
    return {row.page: row.results[DOCUMENT] for row in rows if DOCUMENT in (row.results or {})}


def pages(store: Store, job_id: str, only: Sequence[int] | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbers and findings' bodies of the pages that are done, in order, a few in memory at a time."""
    rows = page_numbers(store, job_id)
    wanted = [page for page in rows if only is None or page in only]
    for start in range(0, len(wanted), PAGES_AT_ONCE):
        some = wanted[start : start + PAGES_AT_ONCE]
        found = results.by_id(store, [rows[page] for page in some])
        for page in some:
            yield page, found[rows[page]].body


def _job(row: Row[Any], running: int, window: int, since: float | None) -> dict[str, Any]:
    left = row.total - row.done - row.failed - row.cancelled
    active = row.state in ("queued", "running", "paused")
    until = time.time() if active else row.finished_at or time.time()
    spent = until - max(since or until, row.started_at or until) if window > 1 else 0.0
    rate = window / spent if spent > 0 else None
    return {
        "task_id": row.id,
        "kind": row.kind,
        "state": row.state,
        "priority": row.priority,
        "tasks": row.tasks,
        "custom_id": row.custom_id,
        "name": row.options.get("name"),
        "library": row.options.get("library"),
        "listing": row.listing,
        "counts": {
            "total": row.total,
            "queued": left - running,
            "running": running,
            "done": row.done,
            "failed": row.failed,
            "cached": row.cached,
            "cancelled": row.cancelled,
            **ledger.found(row),
        },
        "seq": row.seq,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "rate_per_s": round(rate, 3) if rate else None,
        "eta_s": round(left / rate, 1) if rate and active and left else None,
        "error": {"code": row.error_code, "message": row.error_message} if row.error_code else None,
    }
