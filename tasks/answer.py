"""The task behind a request that somebody waits for: one photo in, one answer into the caller's reply list."""

import logging
import time
from typing import TYPE_CHECKING, Any

import orjson
import redis

from engines.errors import EngineError
from monitoring import metrics
from tasks import photo, queues, results
from tasks.analyses import PROBE
from tasks.broker import attempts_key
from tasks.errors import QueueTimeout, TaskError, WorkerDied

if TYPE_CHECKING:
    from tasks.worker import Worker

REPLY_TTL_S = 120
ATTEMPTS_TTL_S = 3600
log = logging.getLogger(__name__)


def register(worker: "Worker") -> None:
    """Make the task known to the worker's application."""

    @worker.app.task(name=queues.PHOTO)  # type: ignore[untyped-decorator]
    def answer_photo(**message: Any) -> None:
        handle(worker, message)


def handle(worker: "Worker", message: dict[str, Any]) -> None:
    """Do the work of one message and send its answer.

    The message has `id`, `blob`, `sha256`, `tasks`, `cache`, `reply_to`, `sent_at` and `deadline` (seconds since 1970).
    """
    started = time.time()
    body: dict[str, Any] = {"id": message["id"]}
    fresh: list[results.Finding] = []
    try:
        report = _work(worker, message, started)
        fresh = [f for task, f in report.findings.items() if task not in report.cached and task != PROBE]
        body["report"] = {
            "sha256": report.sha256,
            "width": report.width,
            "height": report.height,
            "findings": report.findings,
            "cached": report.cached,
            "queue_s": max(0.0, started - message["sent_at"]),
            "run_s": report.run_s,
        }
    except (EngineError, TaskError) as error:
        body["error"] = {"code": error.code, "message": str(error), "hint": error.hint}
    except Exception:
        log.exception("a request failed")
        body["error"] = {"code": "internal_error", "message": "Something went wrong in the worker.", "hint": None}
    _reply(worker, message["reply_to"], body)
    for finding in fresh:
        results.keep(worker.store, message["sha256"], finding)


def _work(worker: "Worker", message: dict[str, Any], started: float) -> photo.PhotoReport:
    metrics.QUEUE_WAIT.labels(queues.PHOTO_QUEUE).observe(max(0.0, started - message["sent_at"]))
    if started > message["deadline"]:
        raise QueueTimeout("No worker was free in time.", "Try again later, or add a worker.")
    key = attempts_key(message["id"])
    counting = worker.redis.pipeline()
    counting.incr(key)
    counting.expire(key, ATTEMPTS_TTL_S)
    attempts = int(counting.execute()[0])
    if attempts > worker.settings.max_attempts:
        raise WorkerDied(f"This picture took its worker down {attempts - 1} times and is not tried again.")
    return photo.examine(
        worker.engines,
        worker.engine_settings,
        worker.store,
        worker.spool.get(message["blob"]),
        tuple(message["tasks"]),
        sha256=message["sha256"],
        use_cache=message["cache"],
    )


def _reply(worker: "Worker", key: str, body: dict[str, Any]) -> None:
    data = orjson.dumps(body)
    try:
        sending = worker.redis.pipeline()
        sending.lpush(key, data)
        sending.expire(key, REPLY_TTL_S)
        sending.execute()
    except redis.RedisError as error:
        log.warning("an answer could not be sent: %s", error)
