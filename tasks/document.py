"""What a worker does for a document: list its pages, and read one page at a time.

A document is a job of its own kind and its pages are the items: leased, counted, cached and retried as photos are.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import select

from engines.document.errors import PageCancelled
from engines.document.modes import CLASSIC, REMOTE, refuse_foreign
from engines.document.types import Delta, PageOptions, PageResult
from engines.errors import EngineError, InferenceFailed
from monitoring import metrics, tracing
from tasks import deltas, origin, queues, results, views
from tasks.accounts import Accounts, Cost
from tasks.analyses import DOCUMENT
from tasks.deltas import Writer
from tasks.errors import BlobsDown, TaskError
from tasks.failures import said
from tasks.jobs import ACTIVE, Lease, LeasedItem, NewItem, Outcome
from tasks.results import Finding
from tasks.store.models import jobs

if TYPE_CHECKING:
    from tasks.worker import Worker

LOOK_S: Final = 0.5
ASKED: Final = ("mode", "prompt", "resolution")
log = logging.getLogger(__name__)


def list_pages(worker: "Worker", job_id: str, invite: Callable[[], None]) -> None:
    """Add a document's pages to its job; may run again after a crash."""
    with worker.jobs.store.read() as connection:
        job = connection.execute(select(jobs.c.options, jobs.c.created_at).where(jobs.c.id == job_id)).first()
    if job is not None:
        metrics.QUEUE_WAIT.labels(queues.OPEN_QUEUE).observe(max(0.0, time.time() - job.created_at))
        with origin.opened(job_id, job.options, queues.OPEN_QUEUE, job.created_at):
            _list_pages(worker, job_id, job.options, invite)


def _list_pages(worker: "Worker", job_id: str, options: dict[str, Any], invite: Callable[[], None]) -> None:
    try:
        _refuse_foreign(worker, options)
        numbers = worker.documents.pages(
            worker.spool.path(options["blob"]), options["kind"], options.get("pages"), password_of(worker, options)
        )
    except BlobsDown:  # upkeep begins the listing again
        raise
    except (EngineError, TaskError) as error:
        tracing.fail(error.code)
        worker.jobs.finish_listing(job_id, (error.code, said(error)))
        return
    blob, digest = options["blob"], options["sha256"]
    worker.jobs.add_items(job_id, [NewItem(f"page {n}", blob=blob, sha256=digest, page=n) for n in numbers])
    worker.jobs.finish_listing(job_id)
    invite()


def read_page(worker: "Worker", lease: Lease, item: LeasedItem, owner: str) -> Outcome | None:
    """One page: from memory, or by the engine while its pieces are shown; None where it was given up in its middle."""
    started = time.monotonic()
    options = PageOptions(**{key: lease.options[key] for key in ASKED if key in lease.options})
    try:
        engine = worker.documents.engine(lease.options.get("engine"))
        wanted = (engine.name, engine.revision, _key(item, options, "secret" in lease.options))
        if not lease.options.get("force"):
            known = results.lookup(worker.store, item.sha256 or "", {DOCUMENT: wanted})
            results.count_lookups(known, 1 - len(known))
            if known:
                found = known[DOCUMENT]
                return Outcome({DOCUMENT: found.id}, (DOCUMENT,), item.sha256, found.width, found.height)
        path, kind = worker.spool.path(item.blob or ""), lease.options["kind"]
        password = password_of(worker, lease.options)
        with tracing.span("render"):
            page = worker.documents.page(path, kind, item.page or 1, password, engine.side)
        events = engine.read(page, options, _watch(worker, item, owner))
        result = _read(worker, events, lease.job_id, item.page or 1, _label(engine.name))
    except (PageCancelled, BlobsDown):  # the job was cancelled, the worker stops, or the upload cannot be had now
        return None
    except (EngineError, TaskError) as error:
        metrics.ITEMS.labels(DOCUMENT, "failed").inc()
        return Outcome(error_code=error.code, error_message=said(error))
    except Exception:
        log.exception("page %s of %s failed", item.page, lease.job_id)
        metrics.ITEMS.labels(DOCUMENT, "failed").inc()
        return Outcome(error_code=InferenceFailed.code, error_message="Reading this page failed; the log says how.")
    body = {**asdict(result), "seconds": round(time.monotonic() - started, 3)}
    finding = Finding(DOCUMENT, wanted[0], wanted[1], page.image.width, page.image.height, body, wanted[2])
    with tracing.span("store"):
        row = results.keep(worker.store, item.sha256 or "", finding)
    metrics.ITEMS.labels(DOCUMENT, "done").inc()
    return Outcome({DOCUMENT: row}, (), item.sha256, page.image.width, page.image.height)


def settle(worker: "Worker", job_id: str) -> None:
    """When a document has ended, note what it cost; may run again."""
    with worker.store.read() as connection:
        job = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    if job is None or job.state in ACTIVE:
        return
    deltas.forget(worker.redis, job_id)
    sums = dict.fromkeys(views.USAGE, 0)
    engines: set[str] = set()
    pages, seconds = 0, 0.0
    for _, body in views.pages(worker.store, job_id):
        pages += 1
        seconds += body.get("seconds", 0.0)
        engines.add(body["engine"])
        for name in sums:
            sums[name] += int(body["usage"][name])
    cost = Cost(
        job_id=job_id,
        kind=job.options["kind"],
        name=job.options.get("name", ""),
        engine=", ".join(sorted(engines)),
        pages=pages,
        input_bytes=job.options.get("bytes", 0),
        seconds=round(seconds, 3),
        user_id=job.options.get("user_id"),
        **sums,
    )
    if Accounts(worker.store).charge(cost):
        metrics.OCR_SECONDS.labels(cost.kind).observe(max(0.0, job.finished_at - job.created_at))
        metrics.PROMPT_TOKENS.inc(cost.prompt_tokens)
        metrics.COMPLETION_TOKENS.inc(cost.completion_tokens)
        metrics.TOKENS.inc(cost.prompt_tokens + cost.completion_tokens)


def settle_rest(worker: "Worker") -> None:
    """Do so for documents that were cancelled, or whose worker died before it could."""
    for job_id in Accounts(worker.store).uncharged():
        settle(worker, job_id)


def _label(engine: str) -> str:
    """What an engine is counted as: models have any names."""
    return CLASSIC if engine == CLASSIC else REMOTE


def _read(worker: "Worker", events: Any, job_id: str, page: int, engine: str) -> PageResult:
    writer, begun, started = Writer(worker.pieces, job_id, page), False, time.monotonic()
    with tracing.span("read", {"darkroom.page": page}) as span:
        for event in events:
            if not begun:
                begun = True
                span.event("first piece")
                metrics.DOCUMENT_FIRST_PIECE.labels(engine).observe(time.monotonic() - started)
            if isinstance(event, Delta):
                writer.add(event.text, event.raw)
            else:
                result: PageResult = event
                spent_s = time.monotonic() - started
                metrics.RUN_SECONDS.labels(DOCUMENT, engine, worker.device).observe(spent_s)
                metrics.DOCUMENT_TOKENS.labels(_label(result.engine)).inc(result.usage.completion_tokens)
                span.note({"darkroom.engine": result.engine, "darkroom.tokens": result.usage.completion_tokens})
                return result
    raise InferenceFailed("The engine ended without a result.")


def _watch(worker: "Worker", item: LeasedItem, owner: str) -> Callable[[], bool]:
    """Whether the page is no longer wanted; the store is asked now and then, and the lease kept alive."""
    looked_at = time.monotonic()
    gone = False

    def cancelled() -> bool:
        nonlocal looked_at, gone
        worker.watchdog.progress()
        if worker.stopping.is_set():
            return True
        if time.monotonic() - looked_at >= LOOK_S:
            looked_at = time.monotonic()
            gone = not worker.jobs.renew(item.id, owner, worker.settings.lease_ttl_s)
        return gone

    return cancelled


def password_of(worker: "Worker", options: dict[str, Any]) -> str | None:
    """The password that a document was sent with. Raises BlobMissing."""
    key = options.get("secret")
    return worker.spool.get_secret(key) if key else None


def _refuse_foreign(worker: "Worker", options: dict[str, Any]) -> None:
    """A document is refused as a whole where no page of it can be read as is asked. Raises EngineError."""
    if worker.documents.engine(options.get("engine")).name == CLASSIC:
        refuse_foreign(options.get("mode", ""))


def _key(item: LeasedItem, options: PageOptions, locked: bool) -> str:
    asked = {**asdict(options), "page": item.page, "locked": locked}
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
