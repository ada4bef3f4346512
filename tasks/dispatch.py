"""The one door for the API: submit, wait, follow, cancel. Runs no model and imports none."""

import asyncio
import contextlib
import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kombu.exceptions
import redis

from tasks import analyses, control, envelope, events, library, liveness, queues, results
from tasks.app import make_app
from tasks.blobs import Spool
from tasks.broker import ATTEMPTS, WORKERS, connect, connect_async, queue_key
from tasks.errors import BrokerDown, NoWorker, PathMissing, QueueFull, QueueTimeout, RunTimeout
from tasks.failures import Failure
from tasks.jobs import Jobs, NewItem
from tasks.replies import Replies
from tasks.settings import TaskSettings
from tasks.store.session import Store

WORKERS_FRESH_S = 2.0


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


class Dispatch:
    """Everything that the API may do with the queue and the memory."""

    def __init__(self, settings: TaskSettings) -> None:
        self.settings = settings
        self.store = Store(settings.database)
        self.jobs = Jobs(self.store)
        self.spool = Spool(settings.blobs)
        self.redis = connect(settings.redis)
        self._async_redis = connect_async(settings.redis)
        self._app = make_app(settings)
        self._replies = Replies(self._async_redis)
        self._wakes = events.Wakes(self._async_redis)
        self._tasks: list[asyncio.Task[None]] = []
        self._workers: tuple[float, list[liveness.WorkerRecord]] = (0.0, [])
        self._mean_run_s = 0.5

    async def start(self) -> None:
        """Begin to read answers and news."""
        self._tasks = [asyncio.create_task(self._replies.run()), asyncio.create_task(self._wakes.run())]

    async def stop(self) -> None:
        """Stop reading and give all connections back."""
        pending = set(self._tasks)
        while pending:  # a cancellation may be lost inside the client's own time-outs: say it again
            for task in pending:
                task.cancel()
            _, pending = await asyncio.wait(pending, timeout=0.5)
        await self._async_redis.aclose()
        self.redis.close()
        self._app.close()
        self.store.close()

    async def photo(self, data: bytes, tasks: Sequence[str], *, use_cache: bool = True) -> PhotoAnswer:
        """Have one photo looked at, and wait for the answer.

        Raises:
            UnknownTask, QueueFull, QueueTimeout, RunTimeout, NoWorker, BrokerDown, SpoolFull: nothing was answered.
            Failure: the worker's own error, by its code.
        """
        wanted = analyses.check(tasks, self.settings)
        request_id = uuid.uuid4().hex
        future = self._replies.expect(request_id)
        sent: str | PhotoAnswer | None = None
        body: dict[str, Any] | None = None
        try:
            sent = await asyncio.to_thread(self._send, request_id, data, wanted, use_cache)
            if isinstance(sent, PhotoAnswer):
                return sent
            body = await self._wait(request_id, future)
            return self._answer(body)
        finally:
            self._replies.forget(request_id)
            if isinstance(sent, str) and body is None:  # nobody waits any more: spare the worker the work
                self._in_background(self.spool.delete, sent)

    def _in_background(self, work: Callable[[str], None], argument: str) -> None:
        asyncio.get_running_loop().run_in_executor(None, work, argument)

    def _send(self, request_id: str, data: bytes, tasks: tuple[str, ...], use_cache: bool) -> str | PhotoAnswer:
        digest = hashlib.sha256(data).hexdigest()
        with _broker_errors():
            known = self._known(digest, tasks) if use_cache else None
            if known is not None:
                return known
            self._expect_worker()
            blob = self.spool.put(data, digest, owner=request_id)
            now = time.time()
            message = {
                "id": request_id,
                "blob": blob,
                "sha256": digest,
                "tasks": tasks,
                "cache": use_cache,
                "reply_to": self._replies.key,
                "sent_at": now,
                "deadline": now + self.settings.queue_timeout_s,
            }
            try:
                depth = envelope.push(self.redis, queues.PHOTO, queues.PHOTO_QUEUE, message, self.settings.queue_limit)
                if depth is not None:
                    retry = max(1, round(depth * self._mean_run_s / 2))
                    raise QueueFull(f"{depth} requests wait already.", retry_after=min(retry, 60))
            except BaseException:
                self.spool.delete(blob)
                raise
        return blob

    def _known(self, digest: str, tasks: tuple[str, ...]) -> PhotoAnswer | None:
        capabilities = {k: v for record in self.workers() for k, v in record.capabilities.items() if "revision" in v}
        if not all(task in capabilities for task in tasks):
            return None
        wanted = {task: (capabilities[task]["model"], capabilities[task]["revision"]) for task in tasks}
        found = results.lookup(self.store, digest, wanted)
        if len(found) < len(tasks):
            return None
        some = found[tasks[0]]
        findings = {task: results.as_dict(finding) for task, finding in found.items()}
        return PhotoAnswer(digest, some.width, some.height, findings, tuple(tasks), 0.0, 0.0)

    def _expect_worker(self) -> None:
        if not any(queues.PHOTO_QUEUE in record.queues for record in self.workers()):
            raise NoWorker("No worker serves interactive requests.", "Look at /readyz, or start one: darkroom worker.")

    async def _wait(self, request_id: str, future: "asyncio.Future[dict[str, Any]]") -> dict[str, Any]:
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(future), self.settings.queue_timeout_s)
        if not await self._started(request_id):
            raise QueueTimeout(
                f"No worker was free within {self.settings.queue_timeout_s:g} s.",
                "Try again later, or add a worker.",
            )
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(future), self.settings.run_timeout_s)
        raise RunTimeout(f"The picture was not finished within {self.settings.run_timeout_s:g} s.")

    async def _started(self, request_id: str) -> bool:
        with _broker_errors():
            return bool(await self._async_redis.hexists(ATTEMPTS, request_id))

    def _answer(self, body: dict[str, Any]) -> PhotoAnswer:
        error = body.get("error")
        if error is not None:
            raise Failure(error["code"], error["message"], error["hint"])
        report = body["report"]
        self._mean_run_s += 0.1 * (report["run_s"] - self._mean_run_s)
        return PhotoAnswer(**{**report, "cached": tuple(report["cached"])})

    def submit_uploads(self, files: Sequence[tuple[str, bytes]], tasks: Sequence[str], **job: Any) -> str:
        """Accept a job of uploaded pictures (name, bytes); its id.

        Raises:
            UnknownTask, QueueFull, SpoolFull.
        """
        wanted = analyses.check(tasks, self.settings)
        new_items = []
        for name, data in files:
            digest = hashlib.sha256(data).hexdigest()
            new_items.append(NewItem(name=name, blob=self.spool.put(data, digest), sha256=digest))
        job_id = self.jobs.create("photos", wanted, new_items=new_items, limit=self.settings.job_limit, **job)
        self._invite(job.get("priority", "bulk"))
        return job_id

    def submit_library(self, folder: str, tasks: Sequence[str], options: dict[str, Any], **job: Any) -> str:
        """Accept a rescan of a folder; its id.

        Raises:
            UnknownTask, QueueFull, PathNotAllowed, PathMissing.
        """
        wanted = analyses.check(tasks, self.settings)
        path = library.allowed(Path(folder), self.settings.roots)
        if not path.is_dir():
            raise PathMissing(f"{folder} is not a folder.", "Name its folder, or upload the file.")
        chosen = {**options, "library": str(path)}
        job_id = self.jobs.create("library", wanted, options=chosen, listing=True, limit=self.settings.job_limit, **job)
        self._publish(queues.LIST, queues.LIST_QUEUE, job_id=job_id)
        return job_id

    def change(self, job_id: str, action: str) -> None:
        """Pause, resume, cancel or retry a job. Raises JobUnknown, WrongState."""
        getattr(self.jobs, action)(job_id)
        events.wake(self.redis, job_id)
        if action in ("resume", "retry"):
            self._invite("bulk")
            self._invite("interactive")

    def follow(self, job_id: str, after: int, wait: bool) -> AsyncIterator[dict[str, Any] | None]:
        """Frames of a job after a number; see `events.follow`."""
        return events.follow(self.store, self._wakes, job_id, after, wait)

    def workers(self) -> list[liveness.WorkerRecord]:
        """The workers that are alive, as of WORKERS_FRESH_S ago at most."""
        at, records = self._workers
        if time.monotonic() - at > WORKERS_FRESH_S:
            records = liveness.parse(self.redis.hgetall(WORKERS))
            self._workers = (time.monotonic(), records)
        return [record for record in records if record.expires_at >= time.time()]

    def depths(self) -> dict[str, int]:
        """Messages that wait in each queue of the broker."""
        lengths = self.redis.pipeline(transaction=False)
        for queue in queues.ALL_QUEUES:
            lengths.llen(queue_key(queue))
        return dict(zip(queues.ALL_QUEUES, lengths.execute(), strict=True))

    def unload_models(self) -> None:
        """Ask every worker to free its models; what is in flight finishes."""
        control.ask(self.redis, control.UNLOAD)

    def recycle_workers(self) -> None:
        """Ask every worker process to end in order, to be started anew by who supervises it."""
        control.ask(self.redis, control.RECYCLE)

    def _invite(self, priority: str) -> None:
        queue = queues.JOB_QUEUES["interactive" if priority == "interactive" else "bulk"]
        self._publish(queues.DRAW, queue, priority=priority)

    def _publish(self, task: str, queue: str, **kwargs: Any) -> None:
        # The job is in the store already: if the broker is away, a worker's upkeep sends the word later.
        with contextlib.suppress(kombu.exceptions.OperationalError, redis.RedisError, OSError):
            self._app.send_task(task, kwargs=kwargs, queue=queue)


@contextlib.contextmanager
def _broker_errors() -> Any:
    try:
        yield
    except (kombu.exceptions.OperationalError, redis.RedisError) as error:
        raise BrokerDown(*BrokerDown.SAYS) from error
