"""The task behind a request that somebody waits for: one photo in, one answer into the caller's reply list."""

import logging
import time
from typing import TYPE_CHECKING, Any, Final

import orjson
import redis

from engines.errors import EngineError
from monitoring import metrics
from tasks import photo, queues, results
from tasks.analyses import PROBE
from tasks.errors import QueueTimeout, TaskError, WorkerDied
from tasks.transport import ATTEMPTS_HEADER

if TYPE_CHECKING:
    from tasks.worker import Worker

REPLY_TTL_S = 120
REPLY: Final = "redis.call('LPUSH', KEYS[1], ARGV[1]) return redis.call('EXPIRE', KEYS[1], ARGV[2])"
log = logging.getLogger(__name__)


def register(worker: "Worker") -> None:
    """Make the task known to the worker's application."""

    @worker.app.task(name=queues.PHOTO, bind=True)  # type: ignore[untyped-decorator]
    def answer_photo(task: Any, **message: Any) -> None:
        handle(worker, message, task.request.get(ATTEMPTS_HEADER, 1))


def handle(worker: "Worker", message: dict[str, Any], attempts: int = 1) -> None:
    """Do the work of one message, send its answer and remove its upload.

    Args:
        message: `id`, `blob`, `sha256`, `tasks`, `cache`, `reply_to`, `sent_at` and `deadline` (seconds since 1970).
        attempts: how often this message was delivered, this time counted.
    """
    started = time.time()
    body: dict[str, Any] = {"id": message["id"]}
    fresh: list[results.Finding] = []
    try:
        report = _work(worker, message, started, attempts)
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
    worker.spool.delete(message["blob"])
    for finding in fresh:
        results.keep(worker.store, message["sha256"], finding)


def _work(worker: "Worker", message: dict[str, Any], started: float, attempts: int) -> photo.PhotoReport:
    metrics.QUEUE_WAIT.labels(queues.PHOTO_QUEUE).observe(max(0.0, started - message["sent_at"]))
    if started > message["deadline"]:
        raise QueueTimeout("No worker was free in time.", "Try again later, or add a worker.")
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
        worker.redis.eval(REPLY, 1, key, data, REPLY_TTL_S)
    except redis.RedisError as error:
        log.warning("an answer could not be sent: %s", error)
