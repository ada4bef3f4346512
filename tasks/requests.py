"""Interactive requests of one API process: a photo or a text is sent to a worker, and its answer waited for."""

import asyncio
import contextlib
import hashlib
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

import kombu.exceptions
import redis
import redis.asyncio
from sqlalchemy.exc import SQLAlchemyError

from tasks import envelope, origin, queues, results
from tasks.analyses import TEXT, Wanted, alike
from tasks.blobs import Blobs
from tasks.broker import ATTEMPTS, queue_key
from tasks.errors import BrokerDown, NoWorker, QueueFull, QueueTimeout, RunTimeout, StoreDown
from tasks.failures import Failure
from tasks.liveness import Roster
from tasks.replies import Replies
from tasks.settings import TaskSettings
from tasks.store.session import Store

LOOK_S = 4.0
"""So often it is looked whether a request that waits is still there: a broker or a worker that dies may lose it."""

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoAnswer:
    """What is known of one photo; `findings` are dictionaries with the fields of `results.Finding`."""

    sha256: str
    width: int
    height: int
    findings: dict[str, dict[str, Any]]
    cached: tuple[str, ...]
    queue_s: float
    run_s: float


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """The vector of a text: base64 of little-endian float32, and the model that made it."""

    vector: str
    model: str


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message that is on its way; its upload, if it has one, is removed when nobody waits any more."""

    queue: str
    blob: str | None = None


class Requests:
    """Sends and waits; one for each API process."""

    def __init__(
        self,
        settings: TaskSettings,
        store: Store,
        spool: Blobs,
        client: "redis.Redis",
        async_client: "redis.asyncio.Redis",
        roster: Roster,
    ) -> None:
        self.settings = settings
        self._store = store
        self._spool = spool
        self._redis = client
        self._async_redis = async_client
        self._roster = roster
        self._replies = Replies(async_client)
        self._mean_run_s = 0.5

    async def run(self) -> None:
        """Read answers until cancelled."""
        await self._replies.run()

    async def photo(self, data: bytes, wanted: Sequence[Wanted], *, use_cache: bool = True) -> PhotoAnswer:
        """Have one photo looked at, and wait for the answer.

        Raises:
            QueueFull, QueueTimeout, RunTimeout, NoWorker, BrokerDown, StoreDown, SpoolFull: nothing was answered.
            Failure: the worker's own error, by its code.
        """

        def send(request_id: str) -> "_Sent | PhotoAnswer":
            digest = hashlib.sha256(data).hexdigest()
            known = self._known(digest, wanted) if use_cache else None
            if known is not None:
                return known
            self.expect_worker(queues.PHOTO_QUEUE)
            blob = self._spool.put(data, digest, owner=request_id)
            tasks = [one.as_list() for one in wanted]
            message = {"blob": blob, "sha256": digest, "tasks": tasks, "cache": use_cache}
            try:
                self._push(request_id, queues.PHOTO, queues.PHOTO_QUEUE, message, alike(wanted))
            except BaseException:
                self._spool.delete(blob)
                raise
            return _Sent(queues.PHOTO_QUEUE, blob)

        answer = await self._exchange(send)
        if isinstance(answer, PhotoAnswer):
            return answer
        return PhotoAnswer(**{**answer, "cached": tuple(answer["cached"])})

    async def text(self, words: str, model: str | None = None, language: str | None = None) -> TextAnswer:
        """The vector of a text; errors as `photo`."""

        # JSON may carry half of a surrogate pair, which is no text for anybody after this.
        plain = words.encode(errors="replace").decode()

        def send(request_id: str) -> _Sent:
            self.expect_worker(queues.TEXT_QUEUE)
            message = {"text": plain, "model": model, "language": language}
            self._push(request_id, queues.TEXT, queues.TEXT_QUEUE, message, TEXT)
            return _Sent(queues.TEXT_QUEUE)

        answer: dict[str, Any] = await self._exchange(send)
        return TextAnswer(answer["vector"], answer["model"])

    async def artifact(self, job_id: str, name: str) -> tuple[BinaryIO, str]:
        """Something made of a job, to be read and closed, and its media type; errors as `photo`."""

        answer = await self._made(queues.ARTIFACT, {"job_id": job_id, "name": name})
        return await asyncio.to_thread(self._spool.take, answer["blob"]), answer["media_type"]

    async def picture(self, sha256: str, size: int) -> bytes:
        """A known photo as a JPEG file, its longer side `size` pixels at most; errors as `photo`."""
        answer = await self._made(queues.PICTURE, {"sha256": sha256, "size": size})

        def take() -> bytes:
            with self._spool.take(answer["blob"]) as file:
                return file.read()

        return await asyncio.to_thread(take)

    async def _made(self, task: str, message: dict[str, Any]) -> dict[str, Any]:
        def send(request_id: str) -> _Sent:
            self.expect_worker(queues.OPEN_QUEUE)
            self._push(request_id, task, queues.OPEN_QUEUE, dict(message))
            return _Sent(queues.OPEN_QUEUE)

        answer: dict[str, Any] = await self._exchange(send)
        return answer

    async def _exchange(self, send: "Callable[[str], _Sent | T]") -> "T | dict[str, Any]":
        request_id = uuid.uuid4().hex
        future = self._replies.expect(request_id)
        sent: _Sent | T | None = None
        body: dict[str, Any] | None = None
        try:
            began = time.monotonic()
            while True:
                sent = await asyncio.to_thread(self._guarded, send, request_id)
                if not isinstance(sent, _Sent):
                    return sent
                body = await self._wait(request_id, future, sent.queue, began)
                if body is not None:
                    return self._report(body)
                log.warning("a request or its answer was lost on the way; it is sent again")
        finally:
            self._replies.forget(request_id)
            if isinstance(sent, _Sent) and sent.blob and body is None:  # nobody waits: spare the worker the work
                asyncio.get_running_loop().run_in_executor(None, self._spool.delete, sent.blob)

    def _guarded(self, send: Callable[[str], T], request_id: str) -> T:
        with outages():
            return send(request_id)

    def _push(self, request_id: str, task: str, queue: str, message: dict[str, Any], like: str = "") -> None:
        now = time.time()
        message |= {
            "id": request_id,
            "reply_to": self._replies.key,
            "sent_at": now,
            "deadline": now + self.settings.queue_timeout_s,
            **origin.carried(),
        }
        depth = envelope.push(self._redis, task, queue, message, self.settings.queue_limit, like)
        if depth is not None:
            retry = max(1, round(depth * self._mean_run_s / 2))
            raise QueueFull(f"{depth} requests wait already.", retry_after=min(retry, 60))

    def _known(self, digest: str, wanted: Sequence[Wanted]) -> PhotoAnswer | None:
        keys: dict[str, tuple[str, str, str]] = {}
        for one in wanted:
            model = self._roster.answering(one.name, one.model)
            if model is None:
                return None
            keys[one.name] = (*model, one.key)
        found = results.lookup(self._store, digest, keys)
        if len(found) < len(keys):
            return None
        results.count_lookups(found, 0)  # what is missed is counted by the worker, which looks again
        some = next(iter(found.values()))
        findings = {name: results.as_dict(finding) for name, finding in found.items()}
        return PhotoAnswer(digest, some.width, some.height, findings, tuple(findings), 0.0, 0.0)

    def expect_worker(self, queue: str) -> None:
        """Raises NoWorker where nobody takes messages from a queue."""
        if not self._roster.serves(queue):
            raise NoWorker("No worker serves interactive requests.", "Look at /readyz, or start one: darkroom worker.")

    async def _wait(
        self, request_id: str, future: "asyncio.Future[dict[str, Any]]", queue: str, began: float
    ) -> dict[str, Any] | None:
        """Its answer; None where it was lost: neither the broker nor a worker has it any more."""
        ends, running = began + self.settings.queue_timeout_s, False
        while True:
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(future), max(0, min(LOOK_S, ends - time.monotonic())))
            over = time.monotonic() >= ends
            try:
                taken, waits = await self._look(request_id, queue)
            except BrokerDown:
                if over:
                    raise
                continue
            if over and running:
                raise RunTimeout(f"The request was not finished within {self.settings.run_timeout_s:g} s.")
            if over and not taken:
                hint = "Try again later, or add a worker."
                raise QueueTimeout(f"No worker was free within {self.settings.queue_timeout_s:g} s.", hint)
            if over:
                ends, running = ends + self.settings.run_timeout_s, True
            elif not (taken or waits or future.done()):
                return None

    async def _look(self, request_id: str, queue: str) -> tuple[bool, bool]:
        """Whether a worker has taken a request, and whether it still waits."""
        with outages():
            asking = self._async_redis.pipeline(transaction=True)
            asking.hexists(ATTEMPTS, request_id)
            asking.lrange(queue_key(queue), 0, -1)
            taken, waiting = await asking.execute()
        return bool(taken), any(request_id.encode() in message for message in waiting)

    def _report(self, body: dict[str, Any]) -> dict[str, Any]:
        error = body.get("error")
        if error is not None:
            raise Failure(error["code"], error["message"], error["hint"])
        report: dict[str, Any] = body["report"]
        self._mean_run_s += 0.1 * (report.get("run_s", self._mean_run_s) - self._mean_run_s)
        return report


@contextlib.contextmanager
def outages() -> Iterator[None]:
    """Errors of the broker's client, and of the store's, as ours."""
    try:
        yield
    except (kombu.exceptions.OperationalError, redis.RedisError) as error:
        raise BrokerDown(*BrokerDown.SAYS) from error
    except SQLAlchemyError as error:
        log.error("the database failed: %s", error)
        raise StoreDown(*StoreDown.SAYS) from error
