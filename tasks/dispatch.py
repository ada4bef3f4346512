"""The one door for the API: submit, wait, follow, cancel. Runs no model and imports none."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import kombu.exceptions
import redis

from tasks import analyses, control, events, library, liveness, origin, queues, standing, views
from tasks.again import reprocess
from tasks.again.shelf import FOLDER, Shelf
from tasks.again.sources import Sources
from tasks.analyses import DOCUMENT
from tasks.app import make_app
from tasks.blobs import blobs_of
from tasks.broker import connect, connect_async, end
from tasks.followers import Followers
from tasks.jobs import ACTIVE, Jobs, NewItem
from tasks.library import listing
from tasks.quotas import Quotas
from tasks.reading import Follower, Step
from tasks.requests import Requests
from tasks.search import people
from tasks.search.nearest import Nearest
from tasks.settings import TaskSettings
from tasks.standing import Standing
from tasks.store.session import Store


class Dispatch:
    """Everything that the API may do with the queue and the memory.

    Attributes:
        photo: as `Requests.photo`.
        text: as `Requests.text`.
        artifact: as `Requests.artifact`.
        workers: as `Roster.workers`.
        model_name: as `Roster.model_name`.
        serves: as `Roster.serves`.
        stand_ins: as `Roster.stand_ins`.
        answering: as `Roster.answering`.
        nearest: the search for vectors.
        sources: where the bytes of known photos are.
        followers: who follows streamed documents.
        quotas: what callers have had.
    """

    def __init__(self, settings: TaskSettings) -> None:
        self.settings = settings
        self.store = Store(settings.database)
        self.jobs = Jobs(self.store)
        self.spool = blobs_of(settings)
        self.redis = connect(settings.redis)
        self._async_redis = connect_async(settings.redis)
        self._app = make_app(settings)
        self._roster = liveness.Roster(self.redis)
        self._requests = Requests(settings, self.store, self.spool, self.redis, self._async_redis, self._roster)
        self.sources = Sources(self.store, self.spool, settings.roots)
        self._shelf = Shelf(settings.home / FOLDER)
        self.photo = self._requests.photo
        self.text = self._requests.text
        self.artifact = self._requests.artifact
        self.workers = self._roster.workers
        self.model_name = self._roster.model_name
        self.serves = self._roster.serves
        self.stand_ins = self._roster.stand_ins
        self.answering = self._roster.answering
        self.nearest = Nearest(self.store, settings.home)
        self._wakes = events.Wakes(self._async_redis)
        self.followers = Followers(self._async_redis, lambda job_id: self.change(job_id, "cancel"))
        self.quotas = Quotas(self._async_redis)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to read answers and news, and to look after the index of vectors."""
        self.nearest.start()
        self._tasks = [asyncio.create_task(self._requests.run()), asyncio.create_task(self._wakes.run())]

    async def stop(self) -> None:
        """Stop reading and give all connections back."""
        await self.followers.stop()
        await end(self._tasks)
        await asyncio.to_thread(self.nearest.close)
        await self._async_redis.aclose()
        self.redis.close()
        self._app.close()
        self.store.close()

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
        job_id = self._accept("photos", wanted, new_items=new_items, **job)
        self._invite(job.get("priority", "bulk"))
        return job_id

    def submit_batch(self, new_items: Sequence[NewItem], tasks: Sequence[str], **job: Any) -> str:
        """Accept a job of requests that are read already; its id. Raises QueueFull."""
        job_id = self._accept("batch", tasks, new_items=new_items, **job)
        self._invite(job.get("priority", "bulk"))
        return job_id

    def submit_library(self, folder: str, tasks: Sequence[str], options: dict[str, Any], **job: Any) -> str:
        """Accept a rescan of a folder; its id.

        Raises:
            UnknownTask, QueueFull, PathNotAllowed, PathMissing.
        """
        wanted = analyses.check(tasks, self.settings)
        chosen = {**options, "library": str(library.folder(folder, self.settings.roots))}
        job_id = self._accept("library", wanted, options=chosen, listing=True, **job)
        self._publish(queues.LIST, queues.LIST_QUEUE, job_id=job_id)
        return job_id

    def count_library(self, folder: str, tasks: Sequence[str], options: dict[str, Any]) -> dict[str, int]:
        """What a rescan would find; see `listing.count`. Raises as `submit_library`, and OSError."""
        wanted = {} if options.get("force") else analyses.check(tasks, self.settings)
        models = listing.models(wanted, lambda task: self._roster.answering(task, None))
        return listing.count(self.store, {**options, "library": folder}, self.settings.roots, models)

    def submit_people(self, min_faces: int) -> str:
        """Accept a clustering of all faces; its id, or that of one that has not ended. Raises QueueFull."""
        newest, _ = views.list_jobs(self.store, 1, kind=people.KIND)
        if newest and newest[0]["state"] in ACTIVE:
            return str(newest[0]["task_id"])
        job_id = self._accept(people.KIND, ["face"], options={"min_faces": min_faces}, listing=True)
        self._publish(queues.LIST, queues.LIST_QUEUE, job_id=job_id, kind=people.KIND)
        return job_id

    def submit_document(self, name: str, data: bytes, options: dict[str, Any], **job: Any) -> str:
        """Accept a document (a PDF or a picture) whose pages are to be read; its id.

        Args:
            options: `kind` ("pdf" or "image"), and what of `mode`, `prompt`, `resolution`, `engine`, `pages`,
                `password`, `force` and `user_id` is asked for.

        Raises:
            QueueFull, SpoolFull.
        """
        digest = hashlib.sha256(data).hexdigest()
        chosen = {**options, "name": name, "bytes": len(data), "sha256": digest, "blob": self.spool.put(data, digest)}
        if password := chosen.pop("password", None):  # options are in the database, and in its backups
            chosen["secret"] = self.spool.put_secret(password)
        job_id = self._accept(DOCUMENT, [DOCUMENT], options=chosen, priority="document", listing=True, **job)
        self._publish(queues.LIST, queues.OPEN_QUEUE, job_id=job_id, kind=DOCUMENT)
        return job_id

    def submit_again(self, sha256: str, tasks: Sequence[str], model: str | None = None) -> str:
        """Accept a job that looks at a known photo again; its id. What it finds replaces what is shown.

        Args:
            model: of all these tasks; None for the configured ones.

        Raises:
            UnknownTask, QueueFull, PhotoUnknown, PhotoChanged, PhotoGone, PathNotAllowed.
        """
        wanted = analyses.check(tasks, self.settings)
        new_items = [reprocess.item(sha256, self.sources.find(sha256))]
        options = reprocess.options(sha256, wanted, model)
        job_id = self._accept(reprocess.KIND, wanted, options, new_items=new_items, priority="interactive")
        self._invite("interactive")
        return job_id

    async def again(self, sha256: str, tasks: Sequence[str], model: str | None = None) -> None:
        """Look at a known photo again, and wait until that is done; errors as `submit_again`.

        Raises:
            NoWorker: nobody would.
            Failure: the worker's own error; nothing was changed.
            RunTimeout: it is not done yet; its job goes on.
        """
        self._requests.expect_worker(queues.JOB_QUEUES["interactive"])
        job_id = await asyncio.to_thread(self.submit_again, sha256, tasks, model)
        most_s = self.settings.queue_timeout_s + self.settings.run_timeout_s
        await reprocess.wait(self.follow(job_id, 0, wait=True), job_id, most_s)

    async def picture(self, sha256: str, size: int) -> bytes:
        """A photo that is still there, as a JPEG file; errors as `Requests.photo` and `Sources.there`."""
        return await self._shelf.get(sha256, size, self._requests.picture)

    def read(self, job_id: str, raw: bool = False) -> "AsyncIterator[Step | None]":
        """A document while it is read; see `reading.Follower.steps`."""
        return Follower(self.store, self._wakes, self._async_redis, job_id, raw).steps()

    def change(self, job_id: str, action: str) -> None:
        """Pause, resume, cancel or retry a job. Raises JobUnknown, WrongState."""
        getattr(self.jobs, action)(job_id)
        events.wake(self.redis, job_id)
        if action in ("resume", "retry"):
            for priority in queues.JOB_QUEUES:
                self._invite(priority)

    def follow(self, job_id: str, after: int, wait: bool) -> AsyncIterator[dict[str, Any] | None]:
        """Frames of a job after a number; see `events.follow`."""
        return events.follow(self.store, self._wakes, job_id, after, wait)

    def standing(self) -> dict[str, Standing]:
        """How much waits in each queue, and for how long."""
        return standing.look(self.redis, self.jobs)

    def unload_models(self) -> None:
        """Ask every worker to free its models; what is in flight finishes."""
        control.ask(self.redis, control.UNLOAD)

    def recycle_workers(self) -> None:
        """Ask every worker process to end in order, to be started anew by who supervises it."""
        control.ask(self.redis, control.RECYCLE)

    def _accept(self, kind: str, tasks: Sequence[str], options: dict[str, Any] | None = None, **job: Any) -> str:
        """A new job, whose options say who asked for it; its id. Raises QueueFull."""
        asked = {**(options or {}), origin.KEY: origin.carried()}
        return self.jobs.create(kind, tasks, options=asked, limit=self.settings.job_limit, **job)

    def _invite(self, priority: queues.Priority) -> None:
        self._publish(queues.DRAW, queues.JOB_QUEUES[priority], priority=priority)

    def _publish(self, task: str, queue: str, **kwargs: Any) -> None:
        # The job is in the store already: if the broker is away, a worker's upkeep sends the word later.
        with contextlib.suppress(kombu.exceptions.OperationalError, redis.RedisError, OSError):
            self._app.send_task(task, kwargs=kwargs, queue=queue)
