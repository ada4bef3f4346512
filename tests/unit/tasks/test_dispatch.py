"""The door for the API: what it answers by itself, refuses, and waits for."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tasks import answer, liveness, photo, queues, results
from tasks.analyses import usual
from tasks.broker import ATTEMPTS, queue_key
from tasks.dispatch import Dispatch
from tasks.errors import BrokerDown, NoWorker, PathMissing, PathNotAllowed, QueueFull, QueueTimeout, RunTimeout
from tasks.failures import Failure
from tasks.results import Finding
from tasks.rounds import Lot, Taken
from tasks.settings import TaskSettings
from tasks.worker import Worker
from tests.conftest import picture, until


@pytest.fixture
async def dispatch(worker: Worker) -> AsyncIterator[Dispatch]:
    """A door beside a worker that is announced and does nothing by itself."""
    made = Dispatch(worker.settings.model_copy(update={"queue_timeout_s": 20.0, "run_timeout_s": 20.0}))
    await made.start()
    liveness.announce(worker.redis, worker.record())
    yield made
    await made.stop()


def within(dispatch: Dispatch, **settings: Any) -> None:
    dispatch._requests.settings = dispatch.settings.model_copy(update=settings)


async def taken(worker: Worker) -> dict[str, Any]:
    """The next interactive message."""
    raw = await asyncio.to_thread(until, lambda: worker.redis.rpop(queue_key(queues.PHOTO_QUEUE)), 10, "a message")
    body: dict[str, Any] = json.loads(base64.b64decode(json.loads(raw)["body"]))[1]
    return body


def look(worker: Worker, message: dict[str, Any], attempts: int = 1) -> None:
    """What the worker's thread does for one photo."""
    only = partial(answer.photos, worker)
    worker.rounds.serve(Lot(queues.PHOTO, queues.PHOTO_QUEUE), Taken(message, attempts), only)


async def test_a_photo_is_answered_by_a_worker_and_its_upload_removed(dispatch: Dispatch, worker: Worker) -> None:
    waiting = asyncio.create_task(dispatch.photo(picture(40, 30), usual(["probe"])))
    message = await taken(worker)
    assert set(message) >= {"id", "blob", "sha256", "tasks", "reply_to", "deadline"}
    await asyncio.to_thread(look, worker, message)
    found = await waiting
    assert (found.width, found.height, found.cached) == (40, 30, ())
    await asyncio.to_thread(until, lambda: not worker.spool.path(message["blob"]).exists(), 5, "the removal")


async def test_messages_carry_references_and_never_a_picture(dispatch: Dispatch, worker: Worker) -> None:
    data = picture(1000, 1000)
    waiting = asyncio.create_task(dispatch.photo(data, usual(["probe"])))
    message = await taken(worker)
    assert len(json.dumps(message)) < 1000 < len(data)
    await asyncio.to_thread(look, worker, message)
    await waiting


async def test_a_workers_error_comes_back_by_its_code(dispatch: Dispatch, worker: Worker) -> None:
    waiting = asyncio.create_task(dispatch.photo(b"text", usual(["probe"])))
    await asyncio.to_thread(look, worker, await taken(worker))
    with pytest.raises(Failure) as failure:
        await waiting
    assert failure.value.code == "not_a_picture"


async def test_what_nobody_foresaw_in_a_worker_is_answered_at_once(
    dispatch: Dispatch, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(photo, "begin", broken)
    waiting = asyncio.create_task(dispatch.photo(picture(), usual(["probe"])))
    await asyncio.to_thread(look, worker, await taken(worker))
    with pytest.raises(Failure) as failure:
        await asyncio.wait_for(waiting, 5)
    assert failure.value.code == "internal_error"


async def test_a_picture_that_took_its_worker_down_three_times_is_not_tried_again(
    dispatch: Dispatch, worker: Worker
) -> None:
    waiting = asyncio.create_task(dispatch.photo(picture(), usual(["probe"])))
    message = await taken(worker)
    await asyncio.to_thread(look, worker, message, worker.settings.max_attempts + 1)
    with pytest.raises(Failure) as failure:
        await waiting
    assert failure.value.code == "worker_died"


async def test_a_request_that_comes_too_late_is_not_worked_on(dispatch: Dispatch, worker: Worker) -> None:
    waiting = asyncio.create_task(dispatch.photo(picture(), usual(["probe"])))
    message = await taken(worker)
    await asyncio.to_thread(look, worker, {**message, "deadline": time.time() - 1})
    with pytest.raises(Failure) as failure:
        await waiting
    assert failure.value.code == "queue_timeout"


async def test_a_known_photo_is_answered_without_a_worker(dispatch: Dispatch, worker: Worker) -> None:
    info = worker.engines.resolve("ocr", None)
    body = {"lines": [{"text": "known"}]}
    data = picture(seed=77)
    kept = Finding("ocr", info.name, info.revision, 5, 6, body)
    results.keep(worker.store, hashlib.sha256(data).hexdigest(), kept)
    found = await dispatch.photo(data, usual(["ocr"]))
    assert (found.width, found.cached, found.findings["ocr"]["body"]) == (5, ("ocr",), body)
    assert worker.redis.llen(queue_key(queues.PHOTO_QUEUE)) == 0


async def test_waiting_and_running_have_deadlines_of_their_own(dispatch: Dispatch, worker: Worker) -> None:
    within(dispatch, queue_timeout_s=0.2, run_timeout_s=0.2)
    with pytest.raises(QueueTimeout):
        await dispatch.photo(picture(), usual(["probe"]))
    waiting = asyncio.create_task(dispatch.photo(picture(seed=2), usual(["probe"])))
    await taken(worker)
    worker.redis.hincrby(ATTEMPTS, (await taken(worker))["id"], 1)
    with pytest.raises(RunTimeout):
        await waiting
    assert dispatch._requests._replies._waiting == {}


async def test_a_full_queue_refuses_and_keeps_no_upload(dispatch: Dispatch, worker: Worker) -> None:
    within(dispatch, queue_limit=1)
    first = asyncio.create_task(dispatch.photo(picture(), usual(["probe"])))
    await asyncio.to_thread(until, lambda: worker.redis.llen(queue_key(queues.PHOTO_QUEUE)), 5, "a message")
    with pytest.raises(QueueFull) as refused:
        await dispatch.photo(picture(seed=2), usual(["probe"]))
    assert refused.value.retry_after >= 1
    assert len(list(worker.spool.folder.glob("*/*"))) == 1
    await asyncio.to_thread(look, worker, await taken(worker))
    await first


async def test_without_a_worker_or_a_broker_it_says_so_at_once(
    dispatch: Dispatch, worker: Worker, tmp_path: Path
) -> None:
    liveness.withdraw(worker.redis, worker.name)
    with pytest.raises(NoWorker):
        await dispatch.photo(picture(), usual(["probe"]))
    alone = Dispatch(
        TaskSettings(
            darkroom_home=tmp_path,
            database_url=worker.settings.database,
            redis_url=f"unix://{tmp_path}/none",
            enable_probe=True,
        )
    )
    await alone.start()
    with pytest.raises(BrokerDown):
        await alone.photo(picture(), usual(["probe"]))
    job = alone.submit_uploads([("a.png", picture())], ["probe"])
    assert alone.jobs.waiting()["bulk"][0] == 1, f"{job} is kept until the broker is back"
    await alone.stop()


def test_a_library_is_a_folder_under_the_roots(worker: Worker) -> None:
    dispatch = Dispatch(worker.settings)
    root = Path(worker.settings.library_roots)
    root.mkdir()
    (root / "photo.png").write_bytes(picture())
    with pytest.raises(PathMissing, match="not a folder"):
        dispatch.submit_library(str(root / "photo.png"), ["probe"], {})
    for path in ("~nobody-of-this-name/x", "/" + "a" * 5000, "\0", "", "photos"):
        with pytest.raises(PathNotAllowed):
            dispatch.submit_library(path, ["probe"], {})
    for name in ("none", "a" * 300):
        with pytest.raises((PathMissing, PathNotAllowed)):
            dispatch.submit_library(str(root / name), ["probe"], {})
    dispatch.redis.close()
    dispatch._app.close()
    dispatch.store.close()
