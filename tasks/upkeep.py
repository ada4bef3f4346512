"""The heartbeat of a worker and the housekeeping that any one of them does for all."""

import logging
import time
from typing import TYPE_CHECKING

import redis
from sqlalchemy.exc import SQLAlchemyError

from tasks import bulk, control, liveness, queues, recovery
from tasks.analyses import DOCUMENT
from tasks.broker import PREFIX

if TYPE_CHECKING:
    from tasks.worker import Worker

LOOK_EVERY_S = 6.0
SWEEP_EVERY_S = 300.0
DAY_S = 86400.0
log = logging.getLogger(__name__)


def beat(worker: "Worker") -> None:
    """Write signs of life and keep house until the worker stops; outages of broker or store are waited out."""
    down = False
    wishes: dict[str, int] | None = None
    while True:
        try:
            wishes = control.obey(worker, wishes) if wishes is not None else control.seen(worker.redis)
            liveness.announce(worker.redis, worker.record())
            if worker.redis.set(PREFIX + "upkeep", worker.name, nx=True, px=int(LOOK_EVERY_S * 1000)):
                look_after(worker)
            if worker.redis.set(PREFIX + "sweep", worker.name, nx=True, ex=int(SWEEP_EVERY_S)):
                sweep(worker)
            worker.engines.unload_idle()
            down = False
        except (redis.RedisError, SQLAlchemyError, OSError) as error:
            if not down:
                log.warning("upkeep waits: %s", error)
            down = True
        if worker.stopping.wait(worker.settings.heartbeat_s):
            return


def look_after(worker: "Worker") -> None:
    """Give back what nobody works on any more, and send word of work that waits without any."""
    recovery.adopt(worker)
    worker.jobs.release_expired()
    for priority in worker.jobs.waiting():
        bulk.invite(worker, priority)
    _restart_old_lists(worker)


def _restart_old_lists(worker: "Worker") -> None:
    for job_id, kind in worker.jobs.listings():
        queue = queues.OPEN_QUEUE if kind == DOCUMENT else queues.LIST_QUEUE
        # A listing says that it runs by this key; without it, its message was lost or its worker died.
        if not worker.redis.exists(PREFIX + queue) and worker.redis.set(
            f"{PREFIX}listing:{job_id}", worker.name, nx=True, ex=30
        ):
            worker.publish(queues.LIST, queue, job_id=job_id, kind=kind)


def sweep(worker: "Worker") -> None:
    """Remove uploads that nobody needs and jobs that have expired."""
    started = time.monotonic()
    blobs = worker.spool.sweep(worker.settings.blob_ttl_s, worker.jobs.needed_blobs)
    jobs = worker.jobs.forget_older_than(worker.settings.job_ttl_days * DAY_S)
    if blobs or jobs:
        log.info("removed %d uploads and %d jobs in %.1f s", blobs, jobs, time.monotonic() - started)
