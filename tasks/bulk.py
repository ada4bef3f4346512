"""The tasks behind jobs: draw photos from the store and work on them, and list libraries.

The broker holds a handful of messages however large a job is. A message says only that there is work; whoever takes it
draws a lease, sends another message so that idle threads and workers join in, works, and goes on for one turn.
"""

import logging
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from engines.errors import EngineError
from tasks import document, events, library, photo, queues, results
from tasks.analyses import DOCUMENT, PROBE, usual
from tasks.broker import queue_key
from tasks.errors import TaskError
from tasks.jobs import Lease, LeasedItem, Outcome

if TYPE_CHECKING:
    from tasks.worker import Worker

TURN_S = 10.0
"""After a turn the worker goes back to its queue, so that more urgent queues are looked at."""

log = logging.getLogger(__name__)


def register(worker: "Worker") -> None:
    """Make the tasks known to the worker's application."""

    @worker.app.task(name=queues.DRAW)  # type: ignore[untyped-decorator]
    def draw(priority: queues.Priority) -> None:
        take_turn(worker, priority)

    @worker.app.task(name=queues.LIST)  # type: ignore[untyped-decorator]
    def list_items(job_id: str, kind: str = "library") -> None:
        if kind == DOCUMENT:
            document.list_pages(worker, job_id, lambda: invite(worker, "document"))
        else:
            library.list_into(worker.jobs, job_id, worker.settings, lambda: invite(worker, "bulk"))
        events.wake(worker.redis, job_id)


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
    owner = f"{worker.name}/{worker.instance}#{threading.get_ident()}.{uuid.uuid4().hex[:6]}"
    ends = time.monotonic() + TURN_S
    while not worker.stopping.is_set():
        limit = worker.settings.lease_items if priority == "bulk" else 1
        lease = worker.jobs.draw(owner, priority, limit, worker.settings.lease_ttl_s)
        if lease is None:
            return
        try:
            invite(worker, priority)
            _work_on(worker, lease, owner)
        finally:
            worker.jobs.release(owner)
        if time.monotonic() > ends:
            worker.publish(queues.DRAW, queues.JOB_QUEUES[priority], priority=priority)
            return


def _work_on(worker: "Worker", lease: Lease, owner: str) -> None:
    for item in lease.items:
        if worker.stopping.is_set():
            return
        attempt = worker.jobs.begin(item.id, owner, worker.settings.lease_ttl_s)
        if attempt is None:
            continue  # paused, cancelled, or somebody else's by now
        if attempt > worker.settings.max_attempts:
            times = worker.settings.max_attempts
            outcome = Outcome(error_code="worker_died", error_message=f"It took its worker down {times} times.")
        else:
            found = _look(worker, lease, item, owner)
            if found is None:
                continue
            outcome = found
        if worker.jobs.finish(item.id, outcome):
            events.wake(worker.redis, lease.job_id)
            if lease.tasks == (DOCUMENT,):
                document.settle(worker, lease.job_id)


def _look(worker: "Worker", lease: Lease, item: LeasedItem, owner: str) -> Outcome | None:
    if lease.tasks == (DOCUMENT,):
        return document.read_page(worker, lease, item, owner)
    return _examine(worker, lease, item)


def _examine(worker: "Worker", lease: Lease, item: LeasedItem) -> Outcome:
    try:
        source: bytes | Path
        if item.path is not None:
            source = library.allowed(Path(item.path), worker.settings.roots)
        else:
            source = worker.spool.get(item.blob or "")
        report = photo.examine(
            worker.inference,
            worker.engine_settings,
            worker.store,
            source,
            usual(lease.tasks),
            sha256=item.sha256,
            use_cache=not lease.options.get("force", False),
        )
    except (EngineError, TaskError) as error:
        return Outcome(error_code=error.code, error_message=str(error))
    except OSError as error:
        return Outcome(error_code="unreadable", error_message=f"The file cannot be read: {error.strerror}.")
    rows = {
        task: finding.id or results.keep(worker.store, report.sha256, finding)
        for task, finding in report.findings.items()
        if task != PROBE
    }
    return Outcome(rows, report.cached, report.sha256, report.width, report.height)
