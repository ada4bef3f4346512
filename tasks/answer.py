"""The tasks behind requests that somebody waits for: a photo or a text in, one answer into the caller's reply list."""

import contextlib
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import orjson
import redis

from engines.errors import EngineError
from monitoring import context, metrics, tracing
from tasks import artifacts, history, origin, photo, queues, results
from tasks.again import pictures
from tasks.analyses import PROBE, TEXT, Wanted
from tasks.errors import BlobsDown, QueueTimeout, TaskError, WorkerDied
from tasks.transport import ATTEMPTS_HEADER

if TYPE_CHECKING:
    from tasks.worker import Worker

REPLY_TTL_S = 120
REPLY: Final = """
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('HINCRBYFLOAT', KEYS[3], ARGV[3], ARGV[4])
return redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
"""
log = logging.getLogger(__name__)


def register(worker: "Worker") -> None:
    """Make the tasks known to the worker's application."""

    @worker.app.task(name=queues.PHOTO, bind=True)  # type: ignore[untyped-decorator]
    def answer_photo(task: Any, **message: Any) -> None:
        with origin.taken("photo", queues.PHOTO_QUEUE, message):
            handle_photo(worker, message, task.request.get(ATTEMPTS_HEADER, 1))

    @worker.app.task(name=queues.ARTIFACT, bind=True)  # type: ignore[untyped-decorator]
    def answer_artifact(task: Any, **message: Any) -> None:
        with origin.taken("artifact", queues.OPEN_QUEUE, message):
            handle_artifact(worker, message, task.request.get(ATTEMPTS_HEADER, 1))

    @worker.app.task(name=queues.PICTURE, bind=True)  # type: ignore[untyped-decorator]
    def answer_picture(task: Any, **message: Any) -> None:
        with origin.taken("picture", queues.OPEN_QUEUE, message):
            handle_picture(worker, message, task.request.get(ATTEMPTS_HEADER, 1))

    @worker.app.task(name=queues.TEXT, bind=True)  # type: ignore[untyped-decorator]
    def answer_text(task: Any, **message: Any) -> None:
        with origin.taken("text", queues.TEXT_QUEUE, message):
            handle_text(worker, message, task.request.get(ATTEMPTS_HEADER, 1))


def handle_photo(worker: "Worker", message: dict[str, Any], attempts: int = 1) -> None:
    """Do the work of one message, send its answer, keep what was found and remove its upload.

    Args:
        message: `id`, `blob`, `sha256`, `tasks` (as `Wanted.as_list`), `cache`, `reply_to`, `sent_at` and `deadline`
            (seconds since 1970).
        attempts: how often this message was delivered, this time counted.
    """
    fresh: list[results.Finding] = []

    def work() -> dict[str, Any]:
        report = photo.examine(
            worker.inference,
            worker.engine_settings,
            worker.store,
            worker.spool.get(message["blob"]),
            [Wanted(*task) for task in message["tasks"]],
            sha256=message["sha256"],
            use_cache=message["cache"],
        )
        fresh.extend(f for name, f in report.findings.items() if name not in report.cached and name != PROBE)
        return {
            "sha256": report.sha256,
            "width": report.width,
            "height": report.height,
            "findings": report.findings,
            "cached": report.cached,
            "queue_s": max(0.0, started - message["sent_at"]),
            "run_s": report.run_s,
        }

    started = time.time()
    _answer(worker, message, queues.PHOTO_QUEUE, attempts, work)
    with contextlib.suppress(BlobsDown):  # a sweep removes it later
        worker.spool.delete(message["blob"])
    with tracing.span("store"):
        for finding in fresh:
            results.keep(worker.store, message["sha256"], finding)


def handle_text(worker: "Worker", message: dict[str, Any], attempts: int = 1) -> None:
    """The same for a text: `text`, `model` and `language` in place of the picture."""

    def work() -> dict[str, Any]:
        started = time.perf_counter()
        info = worker.engines.resolve(TEXT, message["model"])
        body = worker.inference.text(message["text"], message["model"], message["language"])
        metrics.RUN_SECONDS.labels(TEXT, info.name, info.device).observe(time.perf_counter() - started)
        return {**body, "model": info.name}

    _answer(worker, message, queues.TEXT_QUEUE, attempts, work)


def handle_artifact(worker: "Worker", message: dict[str, Any], attempts: int = 1) -> None:
    """Make an artifact, `name` of `job_id`; the answer names a blob of its own."""

    def work() -> dict[str, Any]:
        blob = worker.spool.put(b"", message["id"], owner="artifact")
        try:
            made = artifacts.make(worker, message["job_id"], message["name"], worker.spool.path(blob))
            worker.spool.keep(blob)
        except BaseException:
            worker.spool.delete(blob)
            raise
        return {"blob": blob, "media_type": made}

    _answer(worker, message, queues.OPEN_QUEUE, attempts, work)


def handle_picture(worker: "Worker", message: dict[str, Any], attempts: int = 1) -> None:
    """Make a picture of the photo `sha256` whose longer side has `size` pixels; the answer names a blob of its own."""

    def work() -> dict[str, Any]:
        made = pictures.make(worker, message["sha256"], message["size"])
        return {"blob": worker.spool.put(made, message["id"], owner="picture")}

    _answer(worker, message, queues.OPEN_QUEUE, attempts, work)


def _answer(
    worker: "Worker", message: dict[str, Any], queue: str, attempts: int, work: Callable[[], dict[str, Any]]
) -> None:
    started = time.time()
    body: dict[str, Any] = {"id": message["id"]}
    metrics.QUEUE_WAIT.labels(queue).observe(max(0.0, started - message["sent_at"]))
    try:
        late = started > message["deadline"]
        if attempts > worker.settings.max_attempts or (attempts > 1 and late):
            times = "once" if attempts == 2 else f"{attempts - 1} times"
            raise WorkerDied(f"This request took its worker down {times} and is not tried again.")
        if late:
            raise QueueTimeout("No worker was free in time.", "Try again later, or add a worker.")
        with worker.watchdog.at(f"request {message['id']} of {queue}"):
            body["report"] = work()
    except (EngineError, TaskError) as error:
        tracing.fail(error.code)
        body["error"] = {"code": error.code, "message": str(error), "hint": error.hint}
    except Exception:
        log.exception("a request failed")
        tracing.fail("internal_error")
        hint = f"The log of the worker has the details, under request {context.current().request}."
        body["error"] = {"code": "internal_error", "message": "Something went wrong in the worker.", "hint": hint}
    try:
        keys = (message["reply_to"], history.DONE, history.SPENT)
        spent = round(max(0.0, time.time() - message["sent_at"]), 6)
        worker.redis.eval(REPLY, len(keys), *keys, orjson.dumps(body), REPLY_TTL_S, queue, spent)
    except redis.RedisError as error:
        log.warning("an answer could not be sent: %s", error)
