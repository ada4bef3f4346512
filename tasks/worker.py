"""A worker process: one device, a thread pool, Celery tasks that draw from the queue and the store."""

import contextlib
import logging
import os
import socket
import threading
import time
import warnings
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import psutil
import redis
from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down

from engines import placement
from engines.devices import check_device, parse_device
from engines.document import availability, pressure
from engines.errors import EngineError
from engines.registry import Engines
from engines.settings import EngineSettings
from monitoring import tracing
from tasks import answer, bulk, counting, garbage, liveness, queues, recovery, upkeep
from tasks.analyses import CAPABILITIES, DOCUMENT
from tasks.app import make_app
from tasks.blobs import Blobs, blobs_of
from tasks.broker import connect
from tasks.deltas import Sender
from tasks.inference import Inference
from tasks.jobs import Jobs
from tasks.rounds import Rounds
from tasks.settings import TaskSettings
from tasks.store.session import Store
from tasks.turns import Turns
from tasks.watchdog import Watchdog

LOOK_EVERY_S = 20.0
PAGES_AHEAD = 4
"""Pages that are drawn and rendered while as many as a server takes are being read."""
if TYPE_CHECKING:
    from engines.document.source import Documents

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Worker:
    """Everything that the tasks of one process share."""

    name: str
    device: str
    queues: tuple[str, ...]
    threads: int
    settings: TaskSettings
    engine_settings: EngineSettings
    engines: Engines
    inference: Inference
    store: Store
    jobs: Jobs
    spool: Blobs
    redis: "redis.Redis"
    app: Celery
    turns: Turns
    watchdog: Watchdog
    instance: str = field(default_factory=liveness.new_instance)
    started_at: float = field(default_factory=time.time)
    stopping: threading.Event = field(default_factory=threading.Event)
    consuming: threading.Event = field(default_factory=threading.Event)
    loading: set[str] = field(default_factory=set)
    capabilities: dict[str, dict[str, Any]] = field(default_factory=dict)
    _documents: "Documents | None" = None
    looked_at: float = float("-inf")
    pieces: Sender = field(init=False)
    rounds: Rounds = field(init=False)

    def __post_init__(self) -> None:
        self.pieces = Sender(self.redis)
        self.rounds = Rounds(self.redis, self.name, self.stopping)

    @property
    def documents(self) -> "Documents":
        """Documents and their engines; made when the first page is read."""
        if self._documents is None:
            from engines.document.source import Documents

            self._documents = Documents(self.engine_settings, self.engines)
        return self._documents

    def close_documents(self) -> None:
        """End the processes of documents that are still open."""
        if self._documents is not None:
            self._documents.close()

    def publish(self, task: str, queue: str, **kwargs: Any) -> None:
        """Send a task to a queue; an unreachable broker is logged, upkeep sends it again."""
        try:
            self.app.send_task(task, kwargs=kwargs, queue=queue)
        except Exception as error:
            if not isinstance(error, (OSError, redis.RedisError)) and "kombu" not in type(error).__module__:
                raise
            log.warning("broker does not answer, %s is sent later: %s", task, error)

    def record(self) -> liveness.WorkerRecord:
        """This worker's sign of life."""
        now = time.time()
        return liveness.WorkerRecord(
            name=self.name,
            instance=self.instance,
            host=socket.gethostname(),
            pid=os.getpid(),
            device=self.device,
            queues=list(self.queues),
            threads=self.threads,
            started_at=self.started_at,
            at=now,
            expires_at=now + self.settings.heartbeat_s * liveness.EXPIRES_AFTER,
            capabilities=self._capabilities(),
            models=[asdict(info) for info in self.engines.loaded()],
            memory=psutil.Process().memory_info().rss,
        )

    def _capabilities(self) -> dict[str, dict[str, Any]]:
        """What it can do; looked up now and then, since weights may come and go while it runs."""
        waiting = self.loading or self.capabilities.get(DOCUMENT, {}).get("state", "ready") != "ready"
        if time.monotonic() - self.looked_at > LOOK_EVERY_S or waiting:
            self.capabilities = {name: self._capability(name) for name in CAPABILITIES}
            if queues.JOB_QUEUES["document"] in self.queues:
                self.capabilities[DOCUMENT] = availability.look(self.engine_settings)
            self.looked_at = time.monotonic()
        return self.capabilities

    def _capability(self, task: str) -> dict[str, Any]:
        try:
            info = self.engines.resolve(task, None)
        except EngineError as error:
            asked = self.engine_settings.default_model(task)
            return {"state": "missing", "asked": asked, "reason": str(error), "hint": error.hint}
        state = "loading" if task in self.loading else "ready"
        return {"state": state, "model": info.name, "revision": info.revision, "asked": info.asked}


def run(device: str, queues_wanted: str, threads: int | None, nice: int, name: str | None) -> None:
    """Serve queues on one device until SIGTERM or SIGINT.

    Args:
        device: such as `cpu`, `cpu:0-7`, `intel:0`, `cuda:0`.
        queues_wanted: classes or queues, comma-separated.
        threads: requests worked on at once; None chooses by the number of cores.
        nice: added to the process's niceness.
        name: stable name; None makes one of device, queues and host.

    Raises:
        DeviceMissing: the device is not there.
        ValueError: for an unknown queue.
    """
    served = queues.expand(queues_wanted)
    if nice:
        os.nice(nice)
    pin(device)
    tracing.start("worker")
    settings, engine_settings = TaskSettings(), EngineSettings()
    count = threads or _waiting(served, engine_settings) or settings.request_threads or _computing(settings)
    worker = _assemble(device, served, count, settings, engine_settings, name)
    counting.serve(settings)
    worker.app.task_cls = counting.Counted
    answer.register(worker)
    bulk.register(worker)
    recovery.take_over(worker)
    worker.watchdog.start(lambda hung, how: recovery.tell(worker, hung, how))
    worker_shutting_down.connect(lambda **_: worker.stopping.set(), weak=False)
    if queues.PHOTO_QUEUE in served:
        worker.loading.update(name for name, _ in preloads(engine_settings))
        threading.Thread(target=_preload, args=(worker,), daemon=True, name="preload").start()
    garbage.settle()
    _serve_with_heartbeat(worker)
    recovery.say_goodbye(worker)
    tracing.stop()


def _serve_with_heartbeat(worker: Worker) -> None:
    beside = [
        threading.Thread(target=work, args=(worker,), daemon=True, name=name)
        for name, work in (("heartbeat", upkeep.beat), ("upkeep", upkeep.keep_house))
    ]

    def begin(**_: Any) -> None:
        worker.consuming.set()
        for thread in beside:
            thread.start()

    worker_ready.connect(begin, weak=False)
    _serve(worker)
    worker.stopping.set()
    for thread in beside:
        if thread.ident is not None:
            thread.join(timeout=2)


def pin(device: str) -> None:
    """Keep this process on the cores of `cpu:0-3`, or on the one GPU of `cuda:1`.

    Raises:
        DeviceMissing: it is not there.
    """
    check_device(device)
    cores = parse_device(device).cores
    if cores:
        os.sched_setaffinity(0, cores)
    os.environ.update(placement.environment(device, EngineSettings()))


def _waiting(served: tuple[str, ...], settings: EngineSettings) -> int:
    """Threads of a worker whose pages wait for a server, so that all of its addresses are busy; 0 for other workers."""
    if not settings.llm_urls or any(queue not in queues.QUEUES["document"] for queue in served):
        return 0
    return settings.llm_concurrency * len(settings.llm_urls) + PAGES_AHEAD


def _computing(settings: TaskSettings) -> int:
    return min(max(settings.limits.values()), _cores() + 1)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _assemble(
    device: str,
    served: tuple[str, ...],
    threads: int,
    settings: TaskSettings,
    engine_settings: EngineSettings,
    name: str | None,
) -> Worker:
    classes = "+".join(dict.fromkeys(queue.partition(".")[0] for queue in served))
    stable = name or f"{device.replace(':', '-')}.{classes}@{socket.gethostname()}"
    store = Store(settings.database)
    engines = Engines(engine_settings, device)
    client = connect(settings.redis)
    return Worker(
        name=stable,
        device=device,
        queues=served,
        threads=threads,
        settings=settings,
        engine_settings=engine_settings,
        engines=engines,
        inference=Inference(engines, settings.limits),
        store=store,
        jobs=Jobs(store),
        spool=blobs_of(settings),
        redis=client,
        app=make_app(settings, stable),
        turns=Turns(served, threads, client, pressure.over(engine_settings, threads)),
        watchdog=Watchdog(settings),
    )


def _preload(worker: Worker) -> None:
    for capability, model in preloads(worker.engine_settings):
        try:
            worker.engines.engine(capability, model)
        except EngineError as error:
            log.warning("%s: %s %s", capability, error, error.hint or "")
        finally:
            worker.loading.discard(capability)
    worker.looked_at = float("-inf")
    if worker.consuming.is_set():  # else the first heartbeat tells it; the next one would be seconds away
        with contextlib.suppress(redis.RedisError):
            liveness.announce(worker.redis, worker.record())


def preloads(settings: EngineSettings) -> list[tuple[str, str | None]]:
    """Capabilities and models that are loaded at the start: those of PRELOAD, and Immich's by their own variables."""
    usual = [name.strip() for name in settings.preload.split(",") if name.strip() in CAPABILITIES]
    return [*((name, None) for name in usual), *settings.immich_preloads]


def _serve(worker: Worker) -> None:
    # Celery warns root because of pickle; we take JSON only, and in a container root is usual.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    served = worker.app.Worker(
        pool="threads",
        concurrency=worker.threads,
        hostname=worker.name,
        queues=list(worker.queues),
        loglevel=logging.getLogger().level,  # which it would change
        redirect_stdouts=False,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    served.start()
