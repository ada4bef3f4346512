"""Listing a library into its job while work already begins, in transactions that may be made twice."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from engines.errors import EngineError
from monitoring import metrics
from tasks import ledger
from tasks.errors import JobUnknown, PathMissing, PathNotAllowed
from tasks.library import known
from tasks.library.known import Known
from tasks.library.paths import allowed, written
from tasks.library.walk import Found, Trouble, Walk
from tasks.search import index, leaving
from tasks.search.index import Entry
from tasks.store.again import again
from tasks.store.models import items, jobs
from tasks.store.rows import add, one_of
from tasks.store.session import Store, afterwards

if TYPE_CHECKING:
    from tasks.worker import Worker

CHUNK: Final = 2000
CHUNK_S: Final = 0.5
"""So often at least a listing looks whether it is still wanted."""

MOST_WARNINGS: Final = 1000
Wanted = Mapping[str, tuple[str, str, str]]
"""Analysis -> model, revision, options."""


def list_into(worker: "Worker", job_id: str, told: Callable[[], None]) -> None:
    """List a library's photos into its job, calling `told` after each chunk; may run again after a crash."""
    store = worker.store
    with store.read() as connection:
        job = connection.execute(select(jobs.c.options, jobs.c.tasks).where(jobs.c.id == job_id)).first()
    if job is None:
        raise JobUnknown(f"There is no job {job_id}.")
    wanted = {} if job.options.get("force") else models(job.tasks, lambda task: _answering(worker, task))
    list_folder(Listing(store, job_id, wanted), job.options, worker.settings.roots, told)


def _answering(worker: "Worker", task: str) -> tuple[str, str] | None:
    try:
        info = worker.engines.resolve(task, None)
    except (EngineError, KeyError):  # each photo will say so; or it is no analysis that is remembered
        return None
    return info.name, info.revision


def list_folder(
    listing: "Listing", options: dict[str, Any], roots: Sequence[Path], told: Callable[[], None] = lambda: None
) -> None:
    """The same for a job whose options are known."""
    troubles: list[Trouble] = []
    try:
        folder = allowed(Path(options["library"]), roots)
        for photos, found in chunks(Walk(folder, roots, options)):
            troubles += found[: MOST_WARNINGS - len(troubles)]
            if not listing.add(photos):
                return
            told()
    except (PathNotAllowed, PathMissing) as error:
        listing.fail(error.code, str(error))
    except OSError as error:
        listing.fail("unreadable", f"The folder cannot be read: {error.strerror}.")
    else:
        listing.finish(str(folder), troubles)
        told()


def chunks(walk: Iterable[Found | Trouble | None]) -> Iterator[tuple[list[Found], list[Trouble]]]:
    """What a walk finds, a chunk at a time; after CHUNK_S also a smaller one."""
    photos: list[Found] = []
    troubles: list[Trouble] = []
    ends = time.monotonic() + CHUNK_S
    for each in walk:
        if isinstance(each, Found):
            photos.append(each)
        elif each is not None:
            troubles.append(each)
        if len(photos) >= CHUNK or time.monotonic() > ends:
            yield photos, troubles
            photos, troubles, ends = [], [], time.monotonic() + CHUNK_S
    yield photos, troubles


def models(tasks: Iterable[str], answering: Callable[[str], tuple[str, str] | None]) -> Wanted:
    """What would answer each analysis; empty where one is not known, as nothing is then answered from memory."""
    found = {task: answering(task) for task in tasks}
    return {task: (*model, "") for task, model in found.items() if model} if all(found.values()) else {}


class Listing:
    """The items of one library's job.

    Args:
        wanted: what a photo must have been looked at by to be done already.
    """

    def __init__(self, store: Store, job_id: str, wanted: Wanted) -> None:
        self._store = store
        self._job_id = job_id
        self._wanted = wanted
        self._listed = 0
        self._alone = True

    @again
    def add(self, photos: Sequence[Found]) -> bool:
        """Add photos that the job does not have yet, those that need nothing as done; False if it is over."""
        with self._store.write() as connection:
            job = ledger.lock(connection, self._job_id)
            if job.state not in ledger.ACTIVE or not job.listing:
                return False
            found = known.compare(connection, photos, self._wanted)
            # What nobody else has added to is known; looking each photo up would cost more than adding it.
            self._alone = self._alone and job.total == self._listed
            had = set() if self._alone else self._had(connection, [each.key for each in found])
            fresh = [each for each in found if each.key not in had]
            known.see(connection, self._job_id, fresh)
            if fresh:
                self._insert(connection, job, fresh)
        self._listed += len(fresh)
        return True

    def _had(self, connection: Connection, keys: Sequence[str]) -> set[str]:
        query = select(items.c.file).where(items.c.job_id == self._job_id, one_of(connection, items.c.file, keys))
        return set(connection.scalars(query))

    def _insert(self, connection: Connection, job: Row[Any], fresh: Sequence[Known]) -> None:
        now = time.time()
        force = bool(job.options.get("force"))
        done = [each for each in fresh if each.answers]
        failed = [each for each in fresh if each.error and not each.answers and not force]
        finished = {each.key: seq for seq, each in enumerate((*done, *failed), job.seq + 1)}
        rows = [self._row(each, finished.get(each.key), now) for each in fresh]
        for waiting in (False, True):  # which have other columns
            some = [row for row in rows if (row["state"] == "queued") is waiting]
            if some:
                add(connection, insert(items), some)
        index.put(connection, (self._entry(each) for each in done), now)
        status = Counter(each.status for each in fresh)
        added: dict[str, int] = {
            "total": len(fresh),
            "done": len(done),
            "cached": len(done),
            "failed": len(failed),
            "seq": len(finished),
            **{str(name): number for name, number in status.items()},
        }
        changes = {name: jobs.c[name] + number for name, number in added.items()}
        connection.execute(update(jobs).where(jobs.c.id == self._job_id).values(**changes))
        for task, number in Counter(task for each in done for task in each.answers).items():
            afterwards(connection, partial(metrics.ITEMS.labels(task, "cached").inc, number))

    def _entry(self, each: Known) -> Entry:
        return Entry(
            each.sha256 or "",
            each.photo.name,
            each.answers,
            each.width or 0,
            each.height or 0,
            path=written(each.photo.path),
            job_id=self._job_id,
            changed_at=known.changed_at(each.photo.stamp),
        )

    def _row(self, each: Known, seq: int | None, now: float) -> dict[str, Any]:
        row: dict[str, Any] = {
            "job_id": self._job_id,
            "name": each.photo.name,
            "path": written(each.photo.path),
            "file": each.key,
            "stamp": each.photo.stamp,
            "state": "queued",
        }
        if seq is None:
            return row
        row |= {
            "seq": seq,
            "finished_at": now,
            "sha256": each.sha256,
            "results": None,
            "cached": [],
            "error_code": None,
        }
        row |= {"width": each.width, "height": each.height, "error_message": None, "state": "done"}
        if each.answers:
            return row | {"results": each.answers, "cached": list(each.answers)}
        return row | {"state": "failed", "error_code": known.POISON, "error_message": each.error}

    def fail(self, code: str, message: str) -> None:
        """The job could not run at all, or no further."""
        from tasks.jobs import Jobs

        Jobs(self._store).finish_listing(self._job_id, (code, message))

    @again
    def finish(self, folder: str, troubles: Sequence[Trouble]) -> None:
        """All is listed: say what could not be, forget files that are gone, and end the job if nothing waits."""
        with self._store.read() as connection:
            keys = known.gone(connection, self._job_id, folder)
        now = time.time()
        with self._store.write() as connection:
            job = ledger.lock(connection, self._job_id)
            if not job.listing or job.state not in ledger.ACTIVE:
                return
            leaving.lose(connection, keys, now)
            found = {"deleted": known.forget(connection, keys), "warnings": len(troubles), "listing": False}
            connection.execute(update(jobs).where(jobs.c.id == self._job_id).values(**found))
            for trouble in troubles:
                ledger.event(connection, self._job_id, "warning", asdict(trouble), now)
            ledger.complete_if_done(connection, self._job_id, now)


def count(store: Store, options: dict[str, Any], roots: Sequence[Path], wanted: Wanted) -> dict[str, int]:
    """What a rescan would find: total, new, changed, unchanged, deleted, cached and warnings. Raises as `allowed`."""
    folder = allowed(Path(options["library"]), roots)
    counts = Counter(dict.fromkeys(("total", "new", "changed", "unchanged", "deleted", "cached", "warnings"), 0))
    for photos, troubles in chunks(Walk(folder, roots, options)):
        counts["warnings"] += len(troubles)
        with store.read() as connection:
            for each in known.compare(connection, photos, wanted) if photos else ():
                counts[each.status] += 1
                counts["total"] += 1
                counts["cached"] += bool(each.answers)
    with store.read() as connection:
        counts["deleted"] = len(known.gone(connection, "", str(folder)))
    return dict(counts)
