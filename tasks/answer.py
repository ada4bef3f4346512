"""The tasks behind requests that somebody waits for: a photo or a text in, one answer into the caller's reply list.

They are handled as `rounds` wants it: a block that gives the answers, and goes on once those are sent.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from engines.batching import CPU_BATCH
from engines.errors import EngineError
from monitoring import context, metrics, tracing
from tasks import artifacts, origin, queues, results
from tasks.again import pictures
from tasks.analyses import PROBE
from tasks.envelope import ALIKE
from tasks.errors import BlobsDown, QueueTimeout, TaskError, WorkerDied
from tasks.rounds import Answers, Batch, Lot, Taken
from tasks.together import Photos, Texts
from tasks.transport import ATTEMPTS_HEADER, TAG_HEADER

if TYPE_CHECKING:
    from tasks.worker import Worker

PHOTOS: Final = 4
"""Photos that are answered together where they are alike: more gain a CLIP network nothing, and keep others waiting."""
Make = Callable[["Worker", dict[str, Any]], dict[str, Any]]
log = logging.getLogger(__name__)


def register(worker: "Worker") -> None:
    """Make the tasks known to the worker's application."""

    pictures_of = Lot(queues.PHOTO, queues.PHOTO_QUEUE, PHOTOS, worker.threads)
    texts_of = Lot(queues.TEXT, queues.TEXT_QUEUE, CPU_BATCH, max(1, worker.threads // 2))

    @worker.app.task(name=queues.PHOTO, bind=True)  # type: ignore[untyped-decorator]
    def answer_photo(task: Any, **message: Any) -> None:
        worker.rounds.serve(pictures_of, _first(task, message), partial(photos, worker))

    @worker.app.task(name=queues.TEXT, bind=True)  # type: ignore[untyped-decorator]
    def answer_text(task: Any, **message: Any) -> None:
        worker.rounds.serve(texts_of, _first(task, message), partial(texts, worker))

    @worker.app.task(name=queues.ARTIFACT, bind=True)  # type: ignore[untyped-decorator]
    def answer_artifact(task: Any, **message: Any) -> None:
        worker.rounds.answer(queues.OPEN_QUEUE, _first(task, message), partial(made, worker, "artifact", _artifact))

    @worker.app.task(name=queues.PICTURE, bind=True)  # type: ignore[untyped-decorator]
    def answer_picture(task: Any, **message: Any) -> None:
        worker.rounds.answer(queues.OPEN_QUEUE, _first(task, message), partial(made, worker, "picture", _picture))


def _first(task: Any, message: dict[str, Any]) -> Taken:
    told = task.request
    return Taken(message, told.get(ATTEMPTS_HEADER, 1), told.get(TAG_HEADER, ""), told.get(ALIKE) or "")


@contextlib.contextmanager
def photos(worker: "Worker", taken: Batch) -> Iterator[Answers]:
    """Look at photos; once the answers are sent, keep what was found and remove the uploads.

    Args:
        worker: whose engines look.
        taken: messages, to which others may come while the first are decoded: `id`, `blob`, `sha256`, `tasks` (as
            `Wanted.as_list`), `cache`, `reply_to`, `sent_at` and `deadline` (seconds since 1970).
    """
    began, fresh = time.time(), list[tuple[str, results.Finding]]()
    together = Photos(worker, taken, began)

    def work(message: dict[str, Any]) -> dict[str, Any]:
        report = together.report(message)
        new = (f for name, f in report.findings.items() if name not in report.cached and name != PROBE)
        fresh.extend((message["sha256"], finding) for finding in new)
        return {
            "sha256": report.sha256,
            "width": report.width,
            "height": report.height,
            "findings": report.findings,
            "cached": report.cached,
            "queue_s": max(0.0, began - message["sent_at"]),
            "run_s": report.run_s,
        }

    with contextlib.ExitStack() as spans:
        answers = []
        for one in taken:
            spans.enter_context(origin.taken("photo", queues.PHOTO_QUEUE, one.message))
            answers.append(_answer(worker, one, queues.PHOTO_QUEUE, began, partial(work, one.message)))
        yield answers
        for one in taken:
            with contextlib.suppress(BlobsDown):  # a sweep removes it later
                worker.spool.delete(one.message["blob"])
        if fresh:
            with tracing.span("store"), worker.store.write() as connection:
                results.keep_all(connection, fresh, time.time())


@contextlib.contextmanager
def texts(worker: "Worker", taken: Sequence[Taken]) -> Iterator[Answers]:
    """The vectors of texts: `text`, `model` and `language` in place of the picture."""
    began, answers = time.time(), []
    together = Texts(worker, [one.message for one in taken if began <= one.message["deadline"]])
    for one in taken:
        with origin.taken("text", queues.TEXT_QUEUE, one.message):
            answers.append(_answer(worker, one, queues.TEXT_QUEUE, began, partial(together.vector, one.message)))
    yield answers


@contextlib.contextmanager
def made(worker: "Worker", what: str, make: Make, taken: Sequence[Taken]) -> Iterator[Answers]:
    """What is made of a document or a photo; the answer names a blob of its own."""
    (one,) = taken
    with origin.taken(what, queues.OPEN_QUEUE, one.message):
        yield [_answer(worker, one, queues.OPEN_QUEUE, time.time(), partial(make, worker, one.message))]


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


def _answer(
    worker: "Worker", one: Taken, queue: str, began: float, work: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    message, body = one.message, {"id": one.message["id"]}
    metrics.QUEUE_WAIT.labels(queue).observe(max(0.0, began - message["sent_at"]))
    try:
        late = began > message["deadline"]
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
