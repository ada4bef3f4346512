"""The tasks behind jobs: draw photos from the store and work on them, and list libraries.

The broker holds a handful of messages however large a job is. A message says only that there is work; whoever takes it
draws a lease, sends another message so that idle threads and workers join in, works, and goes on for one turn.
"""

import contextlib
import logging
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from engines.errors import EngineError
from monitoring import context
from tasks import document, events, history, library, liveness, origin, photo, queues
from tasks.again import reprocess, sources
from tasks.analyses import DOCUMENT, PROBE, usual
from tasks.broker import queue_key
from tasks.errors import BlobsDown, TaskError
from tasks.failures import said
from tasks.finished import Finished
from tasks.jobs import Lease, LeasedItem, Outcome
from tasks.library import listing
from tasks.search import people

if TYPE_CHECKING:
    from tasks.worker import Worker

TURN_S = 10.0
"""After a turn the worker goes back to its queue, so that more urgent queues are looked at."""

HOLD_S = 0.5
"""So often a worker looks whether it is to go on with its lease."""

FIRST_LEASE = 32
"""Photos of a turn's first lease, and most of one where photos take their time."""

SHARED_LEASE = 4
"""The same in a process that also serves people who wait: it looks for them between leases."""

LEASE_S = 0.25
"""A lease that grew is worked on for so long, and what is left of it then is given back: of quick photos a transaction
for each few would cost most."""

LIST_EVERY_S = 30.0
"""A listing from which nothing was heard for so long is begun again by another."""

log = logging.getLogger(__name__)


def register(worker: "Worker") -> None:
    """Make the tasks known to the worker's application."""

    @worker.app.task(name=queues.DRAW)  # type: ignore[untyped-decorator]
    def draw(priority: queues.Priority) -> None:
        context.begin()
        take_turn(worker, priority)

    @worker.app.task(name=queues.LIST)  # type: ignore[untyped-decorator]
    def list_items(job_id: str, kind: str = "library") -> None:
        context.begin(job=job_id)
        if kind == DOCUMENT:
            document.list_pages(worker, job_id, lambda: invite(worker, "document"))
        elif kind == people.KIND:
            from tasks.search.people import clustering

            clustering.work(worker, job_id, lambda: keep_listing(worker, job_id))
        else:
            listing.list_into(worker, job_id, lambda: listed_more(worker, job_id))
        history.count(worker.redis, queues.OPEN_QUEUE if kind == DOCUMENT else queues.LIST_QUEUE)
        events.wake(worker.redis, job_id)


def listed_more(worker: "Worker", job_id: str) -> None:
    """Part of a folder is listed: call for workers, and say that somebody is at it."""
    keep_listing(worker, job_id)
    invite(worker, "bulk")


def keep_listing(worker: "Worker", job_id: str) -> None:
    """Say that somebody is at it, so that nobody else begins it again."""
    liveness.keep_claim(worker.redis, f"listing:{job_id}", LIST_EVERY_S)


def invite(worker: "Worker", priority: queues.Priority) -> None:
    """Send word that there is work, unless word is waiting already; without a broker, upkeep sends it later."""
    queue = queues.JOB_QUEUES[priority]
    try:
        waiting = worker.redis.exists(queue_key(queue))
    except redis.RedisError as error:
        log.warning("broker does not answer, word of work is sent later: %s", error)
        return
    if not waiting:
        worker.publish(queues.DRAW, queue, priority=priority)


def take_turn(worker: "Worker", priority: queues.Priority) -> None:
    """Draw and work until nothing waits, the turn is over, or the worker stops."""
    with worker.turns.one(priority) as mine:
        if mine:
            _take_turn(worker, priority)


def _take_turn(worker: "Worker", priority: queues.Priority) -> None:
    owner = f"{worker.name}/{worker.instance}#{threading.get_ident()}.{uuid.uuid4().hex[:6]}"
    ends = time.monotonic() + TURN_S
    least = size = _first_lease(worker, priority)
    while not worker.stopping.is_set():
        lease = worker.jobs.draw(owner, priority, size, worker.settings.lease_ttl_s, share=size <= FIRST_LEASE)
        if lease is None:
            return
        invite(worker, priority)
        try:
            with worker.turns.quick if size > FIRST_LEASE else contextlib.nullcontext():
                began = time.monotonic()
                begun = _work_on(worker, lease, owner, queues.JOB_QUEUES[priority], timed=size > least)
        except BaseException:  # whatever it was may come again: it counts as a start
            worker.jobs.release_dead(owner)
            raise
        worker.jobs.release(owner)
        if priority == "bulk" and len(lease.items) == size:
            size = _next_lease(worker, least, begun, time.monotonic() - began)
        if worker.turns.excess(priority):
            return
        if time.monotonic() > ends or worker.turns.wanted(priority):
            worker.publish(queues.DRAW, queues.JOB_QUEUES[priority], priority=priority)
            return


def _first_lease(worker: "Worker", priority: queues.Priority) -> int:
    if priority != "bulk":
        return 1
    return min(SHARED_LEASE if worker.turns.shared else FIRST_LEASE, worker.settings.lease_items)


def _next_lease(worker: "Worker", least: int, begun: int, took_s: float) -> int:
    """As many photos as LEASE_S is enough for, going by those of the last lease, but not many times more at once."""
    enough = int(begun * min(4.0, LEASE_S / max(took_s, 1e-6)))
    return max(least, min(enough, worker.settings.lease_items))


def _work_on(worker: "Worker", lease: Lease, owner: str, queue: str, timed: bool = False) -> int:
    """Work on a lease, `timed` for LEASE_S and on one photo at least; the number of photos that were begun."""
    finished, begun = Finished(worker, lease, queue), 0
    began = held_at = time.monotonic()
    for item in lease.items:
        if timed and begun and time.monotonic() - began >= LEASE_S:
            break
        if time.monotonic() - held_at >= HOLD_S:
            held_at = time.monotonic()
            if not worker.jobs.hold(lease.job_id, owner, worker.settings.lease_ttl_s):
                break
        if worker.stopping.is_set():
            break
        begun += 1
        if item.error_code:
            photo.count_failed(item.tasks or lease.tasks)
            finished.add(item.id, Outcome(error_code=item.error_code, error_message=item.error_message))
        elif item.spent(worker.settings.max_attempts):
            photo.count_failed(item.tasks or lease.tasks)
            message = f"It took its worker down {item.attempts} times{_how(item)}."
            finished.add(item.id, Outcome(error_code="worker_died", error_message=message))
        else:
            with worker.watchdog.at(f"{item.name} of job {lease.job_id}", owner, item.id):
                outcome = _look(worker, lease, item, owner)
            if outcome is not None:
                finished.add(item.id, outcome)
    finished.write()
    return begun


def _how(item: LeasedItem) -> str:
    return f", the last time by {item.error_message}" if item.error_message else ""


def _look(worker: "Worker", lease: Lease, item: LeasedItem, owner: str) -> Outcome | None:
    reads = lease.tasks == (DOCUMENT,)
    with origin.at("page" if reads else "photo", lease, item.id) as span:
        outcome = document.read_page(worker, lease, item, owner) if reads else _examine(worker, lease, item)
        if outcome is not None and outcome.error_code:
            span.fail(outcome.error_code)
        return outcome


def _source(worker: "Worker", item: LeasedItem) -> tuple[bytes | Path, float | None]:
    """Where a photo is, and when its file was changed, where it is one."""
    if item.path is None:
        return worker.spool.get(item.blob or ""), None
    path = library.allowed(library.stored(item.path), worker.settings.roots)
    return path, path.stat().st_mtime


def _examine(worker: "Worker", lease: Lease, item: LeasedItem) -> Outcome | None:
    try:
        source, changed_at = _source(worker, item)
        look = photo.begin(
            worker.inference,
            worker.engine_settings,
            worker.store,
            source,
            usual(item.tasks or lease.tasks, lease.options.get("models")),
            sha256=item.sha256 if item.path is None else None,  # a file may have changed since
            use_cache=not lease.options.get("force", False),
        )
        report = photo.finish(worker.inference, look)
    except BlobsDown as error:  # the photo is given back in order, and drawn again when the place answers
        log.warning("%s of job %s waits: %s", item.name, lease.job_id, error)
        return None
    except (EngineError, TaskError) as error:
        return Outcome(error_code=error.code, error_message=said(error))
    except OSError as error:
        return Outcome(error_code="unreadable", error_message=f"The file cannot be read: {error.strerror}.")
    if lease.options.get(reprocess.CONTENT, report.sha256) != report.sha256:
        changed = sources.changed()
        return Outcome(error_code=changed.code, error_message=said(changed))
    known = {task: finding.id for task, finding in report.findings.items() if finding.id}
    found = tuple(f for task, f in report.findings.items() if not f.id and task != PROBE)
    return Outcome(
        known,
        report.cached,
        report.sha256,
        report.width,
        report.height,
        found=found,
        taken_at=report.taken_at,
        changed_at=changed_at,
    )
