"""The tasks behind requests that somebody waits for: a photo or a text in, one answer into the caller's reply list.

They are handled as `rounds` wants it: a block that gives the answers, and goes on once those are sent.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from engines.batching import CPU_BATCH
from engines.errors import EngineError
from monitoring import context, metrics, tracing
from tasks import artifacts, origin, photo, queues, results
from tasks.again import pictures
from tasks.analyses import PROBE, TEXT, Wanted
from tasks.errors import BlobsDown, QueueTimeout, TaskError, WorkerDied
from tasks.rounds import Answers, Taken
from tasks.transport import ATTEMPTS_HEADER, TAG_HEADER

if TYPE_CHECKING:
    from tasks.worker import Worker

Make = Callable[["Worker", dict[str, Any]], dict[str, Any]]
log = logging.getLogger(__name__)


def register(worker: "Worker") -> None:
    """Make the tasks known to the worker's application."""

    @worker.app.task(name=queues.PHOTO, bind=True)  # type: ignore[untyped-decorator]
    def answer_photo(task: Any, **message: Any) -> None:
        first = _first(task, message)
        worker.rounds.serve(queues.PHOTO, queues.PHOTO_QUEUE, first, 1, partial(photos, worker))

    @worker.app.task(name=queues.TEXT, bind=True)  # type: ignore[untyped-decorator]
    def answer_text(task: Any, **message: Any) -> None:
        first = _first(task, message)
        worker.rounds.serve(queues.TEXT, queues.TEXT_QUEUE, first, CPU_BATCH, partial(texts, worker))

    @worker.app.task(name=queues.ARTIFACT, bind=True)  # type: ignore[untyped-decorator]
    def answer_artifact(task: Any, **message: Any) -> None:
        worker.rounds.answer(queues.OPEN_QUEUE, _first(task, message), partial(made, worker, "artifact", _artifact))

    @worker.app.task(name=queues.PICTURE, bind=True)  # type: ignore[untyped-decorator]
    def answer_picture(task: Any, **message: Any) -> None:
        worker.rounds.answer(queues.OPEN_QUEUE, _first(task, message), partial(made, worker, "picture", _picture))


def _first(task: Any, message: dict[str, Any]) -> Taken:
    return Taken(message, task.request.get(ATTEMPTS_HEADER, 1), task.request.get(TAG_HEADER, ""))


@contextlib.contextmanager
def photos(worker: "Worker", taken: Sequence[Taken]) -> Iterator[Answers]:
    """Look at photos; once the answers are sent, keep what was found and remove the uploads.

    Args:
        taken: one message: `id`, `blob`, `sha256`, `tasks` (as `Wanted.as_list`), `cache`, `reply_to`, `sent_at` and
            `deadline` (seconds since 1970).
    """
    (one,), fresh = taken, list[results.Finding]()
    message, started = one.message, time.time()

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

    with origin.taken("photo", queues.PHOTO_QUEUE, message):
        yield [_answer(worker, one, queues.PHOTO_QUEUE, work)]
        with contextlib.suppress(BlobsDown):  # a sweep removes it later
            worker.spool.delete(message["blob"])
        with tracing.span("store"):
            for finding in fresh:
                results.keep(worker.store, message["sha256"], finding)


@contextlib.contextmanager
def texts(worker: "Worker", taken: Sequence[Taken]) -> Iterator[Answers]:
    """The vectors of texts: `text`, `model` and `language` in place of the picture."""
    together, answers = _Texts(worker, [one.message for one in taken]), []
    for one in taken:
        with origin.taken("text", queues.TEXT_QUEUE, one.message):
            answers.append(_answer(worker, one, queues.TEXT_QUEUE, partial(together.vector, one.message)))
    yield answers


class _Texts:
    """Texts that came together. Those of one model are computed when the first of them is asked for, in one call."""

    def __init__(self, worker: "Worker", messages: Sequence[dict[str, Any]]) -> None:
        self._worker = worker
        self._alike: dict[Any, list[dict[str, Any]]] = {}
        for message in messages:
            self._alike.setdefault((message["model"], message["language"]), []).append(message)
        self._found: dict[str, dict[str, Any]] = {}

    def vector(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to one of them. Raises EngineError."""
        if message["id"] not in self._found:
            alike = self._alike.pop((message["model"], message["language"]), [message])
            try:
                self._compute(alike)
            except Exception:
                if len(alike) == 1:
                    raise
                self._compute([message])  # one of the others may be to blame
        return self._found[message["id"]]

    def _compute(self, messages: Sequence[dict[str, Any]]) -> None:
        model, language = messages[0]["model"], messages[0]["language"]
        started = time.perf_counter()
        info = self._worker.engines.resolve(TEXT, model)
        bodies = self._worker.inference.texts([message["text"] for message in messages], model, language)
        spent_s = time.perf_counter() - started
        for message, body in zip(messages, bodies, strict=True):
            metrics.RUN_SECONDS.labels(TEXT, info.name, info.device).observe(spent_s)
            self._found[message["id"]] = {**body, "model": info.name}


@contextlib.contextmanager
def made(worker: "Worker", what: str, make: Make, taken: Sequence[Taken]) -> Iterator[Answers]:
    """What is made of a document or a photo; the answer names a blob of its own."""
    (one,) = taken
    with origin.taken(what, queues.OPEN_QUEUE, one.message):
        yield [_answer(worker, one, queues.OPEN_QUEUE, partial(make, worker, one.message))]


def _artifact(worker: "Worker", message: dict[str, Any]) -> dict[str, Any]:
    """An artifact, `name` of `job_id`."""
    blob = worker.spool.put(b"", message["id"], owner="artifact")
    try:
        media_type = artifacts.make(worker, message["job_id"], message["name"], worker.spool.path(blob))
        worker.spool.keep(blob)
    except BaseException:
        worker.spool.delete(blob)
        raise
    return {"blob": blob, "media_type": media_type}


def _picture(worker: "Worker", message: dict[str, Any]) -> dict[str, Any]:
    """A picture of the photo `sha256` whose longer side has `size` pixels."""
    found = pictures.make(worker, message["sha256"], message["size"])
    return {"blob": worker.spool.put(found, message["id"], owner="picture")}


def _answer(worker: "Worker", one: Taken, queue: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    message, started = one.message, time.time()
    body: dict[str, Any] = {"id": message["id"]}
    metrics.QUEUE_WAIT.labels(queue).observe(max(0.0, started - message["sent_at"]))
    try:
        late = started > message["deadline"]
        if one.attempts > worker.settings.max_attempts or (one.attempts > 1 and late):
            times = "once" if one.attempts == 2 else f"{one.attempts - 1} times"
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
    return body
