"""A clustering of all faces, and the job that it is in a worker."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from tasks.broker import PREFIX
from tasks.errors import JobUnknown, TaskError, WorkerDied
from tasks.search.nearest.rows import Matrix, matrix
from tasks.search.nearest.spaces import Space, all_spaces
from tasks.search.people import MIN_FACES, rows
from tasks.search.people.alike import Links, link
from tasks.search.people.groups import gather
from tasks.search.people.matching import match
from tasks.search.people.thresholds import alike_from
from tasks.store.again import again
from tasks.store.models import jobs, vectors
from tasks.store.session import Store

if TYPE_CHECKING:
    from tasks.worker import Worker

TRIES: Final = 5
STARTS_S: Final = 86_400
"""So long it is remembered how often a job was started."""

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The job is over, or paused: nothing more is to be changed."""


class Unsettled(TaskError):
    """People are changed faster than their faces can be clustered."""

    code = "people_unsettled"


def work(worker: "Worker", job_id: str, told: Callable[[], None]) -> None:
    """Cluster the faces of every model for a job; it may run again after a crash.

    Args:
        told: called now and then, as a sign that somebody is at it.

    Raises:
        JobUnknown.
    """
    with worker.store.read() as connection:
        options: Any = connection.scalar(select(jobs.c.options).where(jobs.c.id == job_id))
        spaces = all_spaces(connection, "face")
    if options is None:
        raise JobUnknown(f"There is no job {job_id}.")
    if not worker.jobs.begin(job_id):
        return
    told()
    try:
        _count_start(worker, job_id)
        for space in spaces:
            cluster(worker.store, space, int(options.get("min_faces", MIN_FACES)), told, job_id)
    except Stopped:
        worker.redis.delete(_starts(job_id))
    except TaskError as error:
        worker.jobs.finish_listing(job_id, (error.code, str(error)))
    else:
        worker.jobs.finish_listing(job_id)


def _count_start(worker: "Worker", job_id: str) -> None:
    """So that a clustering that takes its workers down is not begun for ever."""
    started: Any = worker.redis.incr(_starts(job_id))
    worker.redis.expire(_starts(job_id), STARTS_S)
    if started > worker.settings.max_attempts:
        raise WorkerDied(f"It took its worker down {started - 1} times: perhaps there is not memory for all faces.")


def _starts(job_id: str) -> str:
    return f"{PREFIX}people:starts:{job_id}"


def cluster(
    store: Store, space: Space, min_faces: int, told: Callable[[], None] = lambda: None, job_id: str | None = None
) -> None:
    """Gather the faces of a space into people, in one transaction in the end.

    Who names, merges or splits people meanwhile is heard: the groups are then made again with that.

    Raises:
        Stopped: the job `job_id` is no longer running.
        Unsettled.
    """
    started, least = time.monotonic(), alike_from(space.model)
    ids, found = load(store, space)
    links = link(found, least, told)
    for _ in range(TRIES):
        if _settle(store, space, ids, found, links, min_faces, told, job_id):
            log.info("%d faces of %s clustered in %.1f s", len(ids), space.model, time.monotonic() - started)
            return
    raise Unsettled(f"People were changed {TRIES} times while their faces were being clustered.")


def load(store: Store, space: Space) -> tuple[list[int], Matrix]:
    """All faces of a space: their ids and vectors, float32 [n, dim]."""
    query = select(vectors.c.id, vectors.c.data).where(vectors.c.space == space.id).order_by(vectors.c.id)
    ids: list[int] = []
    parts = [np.empty((0, space.dim), np.float32)]
    with store.read() as connection:
        for some in connection.execute(query.execution_options(yield_per=5000)).partitions():
            ids += [row.id for row in some]
            parts.append(matrix([row.data for row in some], space.dim))
    return ids, np.concatenate(parts)


def _settle(
    store: Store,
    space: Space,
    ids: Sequence[int],
    found: Matrix,
    links: Links,
    min_faces: int,
    told: Callable[[], None],
    job_id: str | None,
) -> bool:
    """Make groups with what is decided now, and write them; False where other things were decided meanwhile."""
    with store.read() as connection:
        pins = rows.faces_of(connection, space, pinned=True)
    place = {face: number for number, face in enumerate(ids)}
    numbers = gather(
        found, links, {place[face]: who for face, who in pins.items() if face in place}, alike_from(space.model), told
    )
    try:
        return _write(store, space, _groups(ids, numbers), pins, min_faces, job_id)
    except IntegrityError:  # a face or a person has gone in this moment
        return False


def _groups(ids: Sequence[int], numbers: Any) -> list[list[int]]:
    made: dict[int, list[int]] = {}
    for face, number in zip(ids, numbers.tolist(), strict=True):
        made.setdefault(number, []).append(face)
    return list(made.values())


@again
def _write(
    store: Store, space: Space, groups: list[list[int]], pins: dict[int, str], min_faces: int, job_id: str | None
) -> bool:
    with store.write() as connection:
        rows.lock(connection)
        if job_id is not None:
            _check(connection, job_id)
        if rows.faces_of(connection, space, pinned=True) != pins:
            return False
        there = set(connection.scalars(select(vectors.c.id).where(vectors.c.space == space.id)))
        live = [[face for face in group if face in there] for group in groups]
        before = rows.faces_of(connection, space, pinned=False)
        rows.write(connection, space, match(live, pins, before, min_faces), time.time())
    return True


def _check(connection: Connection, job_id: str) -> None:
    if connection.scalar(select(jobs.c.state).where(jobs.c.id == job_id)) != "running":
        raise Stopped
