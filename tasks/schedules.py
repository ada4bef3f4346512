"""Rescans that begin by the clock: a cron line, a time zone, and the job that each run makes.

A run is claimed by moving the schedule's next time in the transaction that makes its job. So each run is started once,
however many look at the clock and wherever one of them dies, and runs that were missed together are made up for by one.
"""

import logging
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from sqlalchemy import Row, delete, func, insert, select, update

from tasks import analyses, library, queues
from tasks.errors import QueueFull, TaskError
from tasks.jobs import ACTIVE, Jobs
from tasks.settings import TaskSettings
from tasks.store.again import again
from tasks.store.models import jobs, schedules
from tasks.store.session import Store

if TYPE_CHECKING:
    from tasks.worker import Worker

MOST: Final = 100
FIELDS: Final = 5
log = logging.getLogger(__name__)


class ScheduleWrong(TaskError):
    """A cron line or a time zone that means nothing, or one schedule too many."""

    code = "bad_request"


class ScheduleUnknown(TaskError):
    """No schedule has this id."""

    code = "schedule_not_found"


def following(cron: str, time_zone: str, after: float) -> float:
    """The first time after a time that fits a cron line, as Debian's cron sees it.

    What falls into the hour that a clock skips is due right after it; a fixed time in an hour that comes twice is due
    in the first of them.

    Args:
        cron: minute, hour, day of the month, month, day of the week.
        time_zone: a name of the IANA database, such as `Europe/Berlin`.
        after: seconds since 1970, as is the answer.

    Raises:
        ScheduleWrong.
    """
    now = datetime.fromtimestamp(after, _zone(time_zone))
    try:
        if len(cron.split()) != FIELDS:
            raise CronSimError(f"Not {FIELDS} fields")
        for moment in CronSim(cron, now):
            if moment.timestamp() > after:  # in an hour that comes twice, the first one may be over
                return moment.timestamp()
    except CronSimError as error:
        raise ScheduleWrong(
            f"{cron!r} is no cron line: {error}.",
            "Write minute, hour, day, month and day of the week, as 30 2 * * * for 2:30 each night.",
        ) from error
    raise ScheduleWrong(f"{cron!r} never comes.", "Name a date that there is.")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ScheduleWrong(f"There is no time zone {name!r}.", "Name one such as Europe/Berlin, or UTC.") from error


def local_zone() -> str:
    """The name of this machine's time zone, by `TZ` or its settings; UTC where it has none."""
    import tzlocal

    try:
        return _zone(tzlocal.get_localzone_name()).key
    except (ScheduleWrong, KeyError, ValueError, OSError, TypeError):
        return "UTC"


class Schedules:
    """The schedules of one store."""

    def __init__(self, store: Store, settings: TaskSettings) -> None:
        self._store = store
        self._settings = settings

    def add(
        self,
        cron: str,
        folder: str,
        tasks: Sequence[str],
        options: dict[str, Any],
        *,
        time_zone: str | None = None,
        priority: queues.Priority = "bulk",
        custom_id: str | None = None,
    ) -> dict[str, Any]:
        """Keep a schedule and answer it; see `following` and `Dispatch.submit_library` for its parts.

        Raises:
            ScheduleWrong, UnknownTask, PathNotAllowed, PathMissing.
        """
        zone, now = time_zone or local_zone(), time.time()
        schedule = {
            "id": uuid.uuid4().hex,
            "cron": " ".join(cron.split()),
            "time_zone": zone,
            "library": str(library.folder(folder, self._settings.roots)),
            "tasks": list(analyses.check(tasks, self._settings)),
            "priority": priority,
            "options": options,
            "custom_id": custom_id,
            "enabled": True,
            "next_at": following(cron, zone, now),
            "last_job_id": None,
            "created_at": now,
        }
        with self._store.write() as connection:
            if (connection.scalar(select(func.count()).select_from(schedules)) or 0) >= MOST:
                raise ScheduleWrong(f"There are {MOST} schedules, no more are taken.", "Remove one first.")
            connection.execute(insert(schedules).values(**schedule))
        return schedule

    def all(self) -> list[dict[str, Any]]:
        """Every schedule, the oldest first."""
        with self._store.read() as connection:
            rows = connection.execute(select(schedules).order_by(schedules.c.created_at, schedules.c.id))
            return [_plain(row) for row in rows]

    def remove(self, schedule_id: str) -> dict[str, Any]:
        """Forget a schedule and answer it; jobs that it started go on. Raises ScheduleUnknown."""
        with self._store.write() as connection:
            gone = delete(schedules).where(schedules.c.id == schedule_id).returning(schedules)
            return _there(connection.execute(gone).first(), schedule_id)

    def pause(self, schedule_id: str) -> dict[str, Any]:
        """Start no more of its runs. Raises ScheduleUnknown."""
        return self._change(schedule_id, enabled=False)

    def resume(self, schedule_id: str) -> dict[str, Any]:
        """Start its runs again, those of the pause not. Raises ScheduleUnknown."""
        with self._store.read() as connection:
            found = connection.execute(select(schedules).where(schedules.c.id == schedule_id)).first()
        schedule = _there(found, schedule_id)
        at = following(schedule["cron"], schedule["time_zone"], time.time())
        return self._change(schedule_id, enabled=True, next_at=at)

    def _change(self, schedule_id: str, **values: Any) -> dict[str, Any]:
        with self._store.write() as connection:
            changed = update(schedules).where(schedules.c.id == schedule_id).values(**values).returning(schedules)
            return _there(connection.execute(changed).first(), schedule_id)


def _there(row: Row[Any] | None, schedule_id: str) -> dict[str, Any]:
    if row is None:
        raise ScheduleUnknown(f"There is no schedule {schedule_id}.", "darkroom schedule list shows those there are.")
    return _plain(row)


def _plain(row: Row[Any]) -> dict[str, Any]:
    return {f"{name}": value for name, value in row._mapping.items()}  # the names of columns are no plain str


def start_due(worker: "Worker") -> list[str]:
    """Make the jobs of all runs that are due, and answer their ids; upkeep sends word of them as of any listing."""
    now = time.time()
    due = select(schedules).where(schedules.c.enabled.is_(True), schedules.c.next_at <= now)
    with worker.store.read() as connection:
        seen = connection.execute(due).all()
    started = []
    for schedule in seen:
        try:
            job_id = start(worker.jobs, schedule, now, worker.settings.job_limit)
        except (ScheduleWrong, QueueFull) as error:  # a zone that this machine lacks, or no room: it stays due
            log.warning("schedule %s waits: %s", schedule.id, error)
            continue
        if job_id:
            started.append(job_id)
    return started


@again
def start(jobs_of: Jobs, seen: Row[Any], now: float, limit: int) -> str | None:
    """Make the job of a run that was seen to be due; None where another did, or where the last job is unfinished.

    Raises:
        ScheduleWrong, QueueFull: nothing has changed.
    """
    after = following(seen.cron, seen.time_zone, now)
    mine = (schedules.c.id == seen.id, schedules.c.next_at == seen.next_at, schedules.c.enabled.is_(True))
    with jobs_of.store.write() as connection:
        schedule = connection.execute(update(schedules).where(*mine).values(next_at=after).returning(schedules)).first()
        if schedule is None:
            return None
        last = select(jobs.c.id).where(jobs.c.id == schedule.last_job_id, jobs.c.state.in_(ACTIVE))
        if connection.scalar(last):
            log.warning("schedule %s: a run is skipped, job %s is unfinished", seen.id, schedule.last_job_id)
            return None
        job_id = jobs_of.create(
            "library",
            schedule.tasks,
            priority=schedule.priority,
            options={**schedule.options, "library": schedule.library},
            listing=True,
            custom_id=schedule.custom_id,
            limit=limit,
            within=connection,
        )
        connection.execute(update(schedules).where(schedules.c.id == seen.id).values(last_job_id=job_id))
    log.info("schedule %s started job %s", seen.id, job_id)
    return job_id
