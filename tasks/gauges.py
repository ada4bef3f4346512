"""What broker, store and disks say when a scrape comes; nothing is kept, and what does not answer raises."""

import itertools
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import redis

from engines.document.modes import CLASSIC
from engines.settings import EngineSettings
from monitoring import asked
from monitoring.asked import Sample
from tasks import history, liveness, queues, standing, views
from tasks.accounts import Accounts
from tasks.again import reprocess
from tasks.analyses import DOCUMENT
from tasks.blobs import Spool, blobs_of
from tasks.broker import LOST, WORKERS
from tasks.jobs import ACTIVE, Jobs
from tasks.liveness import WorkerRecord
from tasks.search import people
from tasks.settings import TaskSettings
from tasks.standing import Standing
from tasks.store.session import Store

LIMITED: Final = (queues.TEXT_QUEUE, queues.PHOTO_QUEUE, queues.OPEN_QUEUE)
"""Queues of requests that somebody waits for."""

JOB_KINDS: Final = ("photos", "library", "batch", DOCUMENT, reprocess.KIND, people.KIND)
DOCUMENT_KINDS: Final = ("image", "pdf")


def of_broker(client: redis.Redis) -> Iterator[Sample]:
    """Queues of messages, work that is finished, workers and their models. Raises redis.RedisError."""
    in_store = set(queues.JOB_QUEUES.values())
    waiting = standing.in_broker(client)
    asking = client.pipeline(transaction=False)
    asking.time()
    asking.hgetall(WORKERS)
    asking.hgetall(LOST)
    asking.hgetall(history.DONE)
    asking.info("memory")
    (seconds, micros), raw, lost, done, memory = asking.execute()
    now = float(seconds) + float(micros) / 1e6
    yield Sample(asked.BROKER_UP, 1)
    yield Sample(asked.BROKER_MEMORY, memory["used_memory"])
    yield from _queues({queue: each for queue, each in waiting.items() if queue not in in_store})
    for queue in waiting:
        yield Sample(asked.QUEUE_FINISHED, float(done.get(queue.encode(), 0)), (queue,))
    for name, (alive, age_s) in sorted(liveness.last_seen(raw, lost, now).items()):
        yield Sample(asked.WORKER_UP, alive, (name,))
        yield Sample(asked.WORKER_SEEN, age_s, (name,))
    yield from _workers(liveness.parse(raw, now))


def of_store(store: Store, jobs: Jobs) -> Iterator[Sample]:
    """Photos and pages that wait, jobs, documents, users. Raises SQLAlchemyError."""
    yield from _queues(standing.in_store(jobs))
    going = jobs.unfinished()
    for labels in itertools.product(JOB_KINDS, ACTIVE):
        yield Sample(asked.JOBS, going.get(labels, 0), labels)
    unfinished = views.unfinished_documents(store)
    for kind in DOCUMENT_KINDS:
        yield Sample(asked.OCR_IN_PROGRESS, unfinished.count(kind), (kind,))
    yield Sample(asked.USERS, Accounts(store).count())
    yield Sample(asked.STORE_UP, 1)


def places(settings: TaskSettings) -> dict[str, Path]:
    """Folders of this host in which data, uploads and models lie; uploads that are elsewhere are left out."""
    spool = blobs_of(settings)
    found = {"data": settings.home, "models": EngineSettings().model_cache.expanduser()}
    return found | ({"spool": spool.folder} if isinstance(spool, Spool) else {})


def of_disks(places: Mapping[str, Path]) -> Iterator[Sample]:
    """The disks of such folders; one that is not there is left out."""
    for place, folder in places.items():
        with suppress(OSError):
            disk = shutil.disk_usage(folder)
            yield Sample(asked.DISK_FREE, disk.free, (place,))
            yield Sample(asked.DISK_TOTAL, disk.total, (place,))


def of_settings(settings: TaskSettings) -> Iterator[Sample]:
    """What runs here, and how much it takes."""
    for queue in LIMITED:
        yield Sample(asked.QUEUE_LIMIT, settings.queue_limit, (queue,))
    yield Sample(asked.JOB_LIMIT, settings.job_limit)
    python = ".".join(map(str, sys.version_info[:3]))
    yield Sample(asked.BUILD, 1, (version("darkroom"), python))


def _queues(waiting: dict[str, Standing]) -> Iterator[Sample]:
    for queue, each in waiting.items():
        yield Sample(asked.QUEUE_DEPTH, each.depth, (queue,))
        if each.waiting_s is not None:
            yield Sample(asked.QUEUE_OLDEST, each.waiting_s, (queue,))


def _workers(alive: list[WorkerRecord]) -> Iterator[Sample]:
    devices = Counter(record.device for record in alive)
    models = Counter((info["capability"], info["name"], info["device"]) for record in alive for info in record.models)
    for device, count in sorted(devices.items()):
        yield Sample(asked.WORKERS, count, (device,))
    for queue in queues.ALL_QUEUES:
        yield Sample(asked.QUEUE_WORKERS, sum(queue in record.queues for record in alive), (queue,))
    for labels, count in sorted(models.items()):
        yield Sample(asked.MODEL_LOADED, count, labels)
    for record in alive:
        yield Sample(asked.WORKER_MEMORY, record.memory, (record.name,))
    states = [record.capabilities[DOCUMENT] for record in alive if DOCUMENT in record.capabilities]
    for engine in sorted({_engine(state) for state in states}):
        up = any(_engine(state) == engine and state["state"] == "ready" for state in states)
        yield Sample(asked.DOCUMENT_ENGINE_UP, up, (engine,))


def _engine(state: dict[str, Any]) -> str:
    return str(state.get("engine") or CLASSIC)
