"""The heartbeat of a worker, and the housekeeping that any one of them does for all."""

import contextlib
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import redis
from sqlalchemy.exc import SQLAlchemyError

from engines.devices import Device, parse_device
from engines.document import pressure
from monitoring import metrics
from tasks import bulk, control, document, events, followers, history, liveness, queues, recovery, retention, schedules
from tasks.analyses import DOCUMENT
from tasks.broker import PREFIX
from tasks.errors import BlobsDown
from tasks.search import backfill

if TYPE_CHECKING:
    from tasks.worker import Worker

LOOK_EVERY_S = 6.0
SWEEP_EVERY_S = 300.0
SEARCH_EVERY_S = 5.0
log = logging.getLogger(__name__)


def beat(worker: "Worker") -> None:
    """Write signs of life until the worker stops; nothing that may take long is done between two of them."""
    _until_stopped(worker, "signs of life wait", lambda: liveness.announce(worker.redis, worker.record()))


def keep_house(worker: "Worker") -> None:
    """Do what every worker does now and then, and what one of them does for all, until the worker stops."""
    wishes: dict[str, int] | None = None

    def once() -> None:
        nonlocal wishes
        wishes = control.obey(worker, wishes) if wishes is not None else control.seen(worker.redis)
        history.sample(worker)
        worker.rounds.give_back_strays()
        if liveness.claim(worker.redis, "upkeep", LOOK_EVERY_S):
            look_after(worker)
        if liveness.claim(worker.redis, "sweep", SWEEP_EVERY_S):
            sweep(worker)
        if liveness.claim(worker.redis, "retention", SWEEP_EVERY_S) and not retention.apply(worker):
            worker.redis.delete(PREFIX + "retention")  # the rest is not left until then
        if liveness.claim(worker.redis, "search", SEARCH_EVERY_S):
            backfill.go_on(worker)
        worker.engines.unload_idle()
        _tell_gpus(parse_device(worker.device))

    _until_stopped(worker, "upkeep waits", once)


def _until_stopped(worker: "Worker", waits: str, once: Callable[[], None]) -> None:
    """Once for every heartbeat; outages of broker or store are waited out, and told of when they begin."""
    down = False
    while True:
        try:
            once()
            down = False
        except (redis.RedisError, SQLAlchemyError, OSError, BlobsDown) as error:
            if not down:
                log.warning("%s: %s", waits, error)
            down = True
        if worker.stopping.wait(worker.settings.heartbeat_s):
            return


def _tell_gpus(device: Device) -> None:
    if device.kind == "intel":
        _tell_intel(device)
    for reading in pressure.read_gpus():
        metrics.GPU_USED.labels(reading.device).set(reading.used)
        metrics.GPU_TOTAL.labels(reading.device).set(reading.total)
        if reading.busy is not None:
            metrics.GPU_BUSY.labels(reading.device).set(reading.busy)


def _tell_intel(device: Device) -> None:
    from engines.runtime_openvino import gpu_memory

    with contextlib.suppress(ImportError, RuntimeError):  # another runtime computes, or the driver does not tell
        held, total = gpu_memory(device)
        metrics.GPU_HELD.labels(device.name).set(held)
        metrics.GPU_TOTAL.labels(device.name).set(total)


def look_after(worker: "Worker") -> None:
    """Give back what nobody works on any more, and send word of work that waits without any."""
    recovery.adopt(worker)
    worker.jobs.release_expired()
    for priority in worker.jobs.waiting():
        bulk.invite(worker, priority)
    schedules.start_due(worker)
    _restart_old_lists(worker)  # and those that were begun just now
    for job_id in followers.cancel_unfollowed(worker.redis, worker.jobs):
        events.wake(worker.redis, job_id)
    document.settle_rest(worker)


def _restart_old_lists(worker: "Worker") -> None:
    for job_id, kind in worker.jobs.listings():
        queue = queues.OPEN_QUEUE if kind == DOCUMENT else queues.LIST_QUEUE
        # Its message was lost or its worker died, unless word of it was sent just now.
        said = worker.redis.exists(PREFIX + queue)
        if not said and liveness.claim(worker.redis, f"listing:{job_id}", bulk.LIST_EVERY_S):
            worker.publish(queues.LIST, queue, job_id=job_id, kind=kind)


def sweep(worker: "Worker") -> None:
    """Remove uploads that nobody needs."""
    started = time.monotonic()
    age_s = worker.settings.blob_ttl_s
    if worker.spool.is_tight():
        age_s = min(age_s, worker.settings.longest_request_s)
    blobs = worker.spool.sweep(age_s, worker.jobs.needed_blobs)
    if blobs:
        log.info("removed %d uploads in %.1f s", blobs, time.monotonic() - started)
