"""Rescans that begin by the clock: when, once, and not while the last one is at work."""

import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select, update

from tasks import schedules, upkeep
from tasks.analyses import UnknownTask
from tasks.broker import queue_key
from tasks.errors import PathMissing, PathNotAllowed
from tasks.schedules import Schedules, ScheduleUnknown, ScheduleWrong, following
from tasks.store import models
from tasks.store.session import Store, change, migrate
from tasks.worker import Worker

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT_S = 86400.0
NIGHTLY = "30 2 * * *"


def at(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


def after(cron: str, text: str, fold: int = 0) -> str:
    moment = datetime.fromtimestamp(following(cron, "Europe/Berlin", at(text, fold)), BERLIN)
    return moment.isoformat(timespec="minutes")


@pytest.fixture
def nightly(worker: Worker) -> dict[str, Any]:
    """A schedule of each night, in UTC."""
    worker.settings.roots[0].mkdir()
    return kept(worker)


def kept(worker: Worker, **more: Any) -> dict[str, Any]:
    options = {"recursive": True, "include": [], "exclude": [], "force": False}
    folder = str(worker.settings.roots[0])
    return Schedules(worker.store, worker.settings).add(
        NIGHTLY, folder, ["probe"], options, **{"time_zone": "UTC", **more}
    )


def fall_due(store: Store, seconds_ago: float = 5) -> None:
    with store.write() as connection:
        connection.execute(update(models.schedules).values(next_at=time.time() - seconds_ago))


def made(store: Store) -> list[Any]:
    with store.read() as connection:
        return list(connection.execute(select(models.jobs).order_by(models.jobs.c.created_at)))


def only(worker: Worker) -> dict[str, Any]:
    (schedule,) = Schedules(worker.store, worker.settings).all()
    return schedule


def test_a_run_is_due_at_its_local_time_in_summer_and_winter() -> None:
    assert after(NIGHTLY, "2026-07-01T12:00") == "2026-07-02T02:30+02:00"
    assert after(NIGHTLY, "2026-12-01T12:00") == "2026-12-02T02:30+01:00"
    assert after(NIGHTLY, "2026-12-01T02:30") == "2026-12-02T02:30+01:00", "its own time is over"


def test_a_time_that_the_clock_skips_comes_right_after_the_gap_and_once() -> None:
    assert after(NIGHTLY, "2026-03-29T00:00") == "2026-03-29T03:00+02:00"
    assert after(NIGHTLY, "2026-03-29T03:00") == "2026-03-30T02:30+02:00"


def test_a_fixed_time_in_the_hour_that_comes_twice_comes_once() -> None:
    assert after(NIGHTLY, "2026-10-25T00:00") == "2026-10-25T02:30+02:00"
    assert after(NIGHTLY, "2026-10-25T02:30") == "2026-10-26T02:30+01:00"
    assert after(NIGHTLY, "2026-10-25T02:10", fold=1) == "2026-10-26T02:30+01:00", "the first 2:30 was 40 minutes ago"


def test_what_comes_each_half_hour_comes_in_both_of_the_same_hours() -> None:
    assert after("*/30 * * * *", "2026-10-25T02:30") == "2026-10-25T02:00+01:00"


@pytest.mark.parametrize(
    "cron", ["", "nightly", "* * * *", "0 0 2 * * *", "60 * * * *", "0 0 30 2 *", "@daily", "* * * * 8"]
)
def test_a_line_that_cron_would_not_take_is_refused_with_one_that_it_would(cron: str) -> None:
    with pytest.raises(ScheduleWrong) as refused:
        following(cron, "UTC", 0)
    assert "30 2 * * *" in str(refused.value.hint)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "Europe", "x" * 5000, "a\0b"])
def test_a_time_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ScheduleWrong):
        following(NIGHTLY, zone, 0)


def test_the_time_zone_is_the_machines_unless_one_is_named() -> None:
    script = "from tasks.schedules import local_zone; print(local_zone())"
    env = {**os.environ, "TZ": "Asia/Tokyo"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Asia/Tokyo"


def test_a_schedule_is_kept_with_what_its_jobs_will_be(worker: Worker, nightly: dict[str, Any]) -> None:
    assert only(worker) == nightly
    assert time.time() < nightly["next_at"] <= time.time() + NIGHT_S
    upkeep.look_after(worker)
    assert made(worker.store) == [], "it is not due yet"


def test_what_no_job_would_be_accepted_for_is_refused(worker: Worker, nightly: dict[str, Any]) -> None:
    asked = Schedules(worker.store, worker.settings)
    with pytest.raises(UnknownTask):
        asked.add(NIGHTLY, nightly["library"], ["nonsense"], {})
    with pytest.raises(PathNotAllowed):
        asked.add(NIGHTLY, "/etc", ["probe"], {})
    with pytest.raises(PathMissing):
        asked.add(NIGHTLY, f"{nightly['library']}/none", ["probe"], {})
    assert only(worker) == nightly


def test_there_are_no_more_schedules_than_the_bound(
    worker: Worker, nightly: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedules, "MOST", 2)
    kept(worker)
    with pytest.raises(ScheduleWrong, match="2 schedules"):
        kept(worker)


def test_upkeep_starts_what_is_due_once_and_sends_word_of_it(worker: Worker, nightly: dict[str, Any]) -> None:
    fall_due(worker.store)
    for _ in range(3):
        upkeep.look_after(worker)
    (job,) = made(worker.store)
    assert (job.kind, job.state, job.listing, job.tasks) == ("library", "queued", True, ["probe"])
    assert job.options == {**nightly["options"], "library": nightly["library"]}
    assert worker.redis.llen(queue_key("bulk.list")) == 1
    assert only(worker)["last_job_id"] == job.id
    assert only(worker)["next_at"] == nightly["next_at"]


def test_nights_that_were_missed_are_made_up_for_by_one_run(worker: Worker, nightly: dict[str, Any]) -> None:
    fall_due(worker.store, seconds_ago=9 * NIGHT_S)
    (job_id,) = schedules.start_due(worker)
    worker.jobs.finish_listing(job_id)
    assert schedules.start_due(worker) == []
    assert time.time() < only(worker)["next_at"] <= time.time() + NIGHT_S


def test_of_many_who_saw_the_same_run_one_starts_it(worker: Worker, nightly: dict[str, Any]) -> None:
    fall_due(worker.store)
    with worker.store.read() as connection:
        seen = connection.execute(select(models.schedules)).one()
    together = Barrier(4)

    def claim(_: int) -> str | None:
        together.wait(10)
        return schedules.start(worker.jobs, seen, time.time(), 1000)

    with ThreadPoolExecutor(4) as people:
        started = [job for job in people.map(claim, range(4)) if job]
    assert [job.id for job in made(worker.store)] == started
    assert len(started) == 1
    worker.jobs.cancel(started[0])
    assert schedules.start(worker.jobs, seen, time.time(), 1000) is None, "nor by one who comes when its job has ended"


def test_a_run_whose_maker_dies_before_its_job_is_kept_is_still_due(worker: Worker, nightly: dict[str, Any]) -> None:
    class Killed(BaseException):
        pass

    def die(*_: Any, within: Connection, **__: Any) -> str:
        assert within.in_transaction()
        raise Killed

    fall_due(worker.store)
    with patch("tasks.jobs.Jobs.create", die), pytest.raises(Killed):
        schedules.start_due(worker)
    assert made(worker.store) == []
    assert only(worker)["next_at"] < time.time()
    assert len(schedules.start_due(worker)) == 1


def test_a_run_is_skipped_and_logged_while_the_last_one_is_unfinished(
    worker: Worker, nightly: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    fall_due(worker.store)
    (first,) = schedules.start_due(worker)
    worker.jobs.pause(first)
    fall_due(worker.store)
    with caplog.at_level(logging.WARNING):
        assert schedules.start_due(worker) == []
    assert first in caplog.text
    assert only(worker)["next_at"] > time.time(), "it is not put off, it is left out"
    worker.jobs.cancel(first)
    fall_due(worker.store)
    assert len(schedules.start_due(worker)) == 1


def test_a_run_for_which_there_is_no_room_stays_due(worker: Worker, nightly: dict[str, Any]) -> None:
    worker.settings = worker.settings.model_copy(update={"job_limit": 1})
    other = worker.jobs.create("library", ["probe"], listing=True)
    fall_due(worker.store)
    assert schedules.start_due(worker) == []
    worker.jobs.cancel(other)
    assert len(schedules.start_due(worker)) == 1


def test_a_time_zone_that_this_machine_lacks_holds_no_other_schedule_up(
    worker: Worker, nightly: dict[str, Any]
) -> None:
    other = kept(worker)
    with worker.store.write() as connection:
        mars = update(models.schedules).where(models.schedules.c.id == nightly["id"])
        connection.execute(mars.values(time_zone="Mars/Olympus"))
    fall_due(worker.store)
    upkeep.look_after(worker)
    with worker.store.read() as connection:
        started = connection.execute(select(models.schedules.c.id).where(models.schedules.c.last_job_id > "")).all()
    assert [row.id for row in started] == [other["id"]]


def test_a_paused_schedule_starts_nothing_and_does_not_make_up_for_it(worker: Worker, nightly: dict[str, Any]) -> None:
    asked = Schedules(worker.store, worker.settings)
    assert asked.pause(nightly["id"])["enabled"] is False
    fall_due(worker.store)
    assert schedules.start_due(worker) == []
    assert asked.resume(nightly["id"])["next_at"] > time.time()
    assert schedules.start_due(worker) == []
    fall_due(worker.store)
    assert len(schedules.start_due(worker)) == 1


def test_what_is_removed_is_gone_and_its_job_is_not(worker: Worker, nightly: dict[str, Any]) -> None:
    fall_due(worker.store)
    (job_id,) = schedules.start_due(worker)
    asked = Schedules(worker.store, worker.settings)
    assert asked.remove(nightly["id"])["last_job_id"] == job_id
    assert asked.all() == []
    assert [job.id for job in made(worker.store)] == [job_id]
    for call in (asked.remove, asked.pause, asked.resume):
        with pytest.raises(ScheduleUnknown):
            call(nightly["id"])


def test_the_table_goes_and_comes_back_by_its_migration(database_url: str) -> None:
    change(database_url, "base")
    migrate(database_url)
    store = Store(database_url)
    try:
        with store.read() as connection:
            assert connection.execute(select(models.schedules)).all() == []
    finally:
        store.close()
