"""What is kept no longer, by age and by size; and what stays whatever its age."""

import json
import threading
import time
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from tasks import events, results, retention, upkeep, views
from tasks.blobs import blobs_of
from tasks.broker import PREFIX
from tasks.errors import JobUnknown, SpoolFull, WrongState
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store import models as tables
from tasks.store.session import Store
from tasks.worker import Worker
from tests.unit.tasks.test_upkeep_cost import grow, steps

OLD = time.time() - 100 * retention.DAY_S
FAILED = Outcome(error_code="not_a_picture", error_message="No.")


def finding(number: int, body: str = "") -> tuple[str, Finding]:
    return f"{number:064}", Finding("ocr", "m", "r", 1, 1, {"text": body})


def find(store: Store, count: int, at: float = OLD, body: str = "") -> list[int]:
    """Findings of so many photos, by their rows."""
    with store.write() as connection:
        return results.keep_all(connection, [finding(number, body) for number in range(count)], at)


def show(jobs: Jobs, number: int, key: int) -> str:
    """A job that has ended and shows a finding."""
    job = jobs.create("photos", ["ocr"], new_items=[NewItem("p", path="/p")])
    lease = jobs.draw("w/1#1", "bulk", 1, 60)
    assert lease is not None
    assert jobs.finish(lease.items[0].id, Outcome({"ocr": key}, ("ocr",), finding(number)[0], 1, 1))
    return job


def ended(jobs: Jobs, count: int, at: float, name: str = "p") -> str:
    """A job with so many failed items that ended at a time."""
    job = jobs.create("photos", ["ocr"], new_items=[NewItem(f"{name}{n}", path=f"/{n}") for n in range(count)])
    lease = jobs.draw("w/1#1", "bulk", count, 60)
    assert lease is not None
    jobs.finish_all(job, [(item.id, FAILED) for item in lease.items])
    with jobs.store.write() as connection:
        connection.execute(update(tables.jobs).where(tables.jobs.c.id == job).values(finished_at=at))
    return job


def count(store: Store, table: Any) -> int:
    with store.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def walk(store: Store, before: float = 0.0, excess: int = 0) -> int:
    walking = retention.Walk(store, before, excess)
    while walking.step():
        pass
    return walking.removed


def remove(store: Store, before: float, most_items: int = 0) -> None:
    over = retention.expire_jobs(store, before, most_items)
    while retention.remove_jobs(store, over):
        pass


def allow(worker: Worker, **settings: Any) -> None:
    worker.settings = worker.settings.model_copy(update=settings)


def test_an_old_job_goes_with_its_items_and_frames_and_others_stay(store: Store) -> None:
    jobs = Jobs(store)
    old, fresh = ended(jobs, 3, OLD), ended(jobs, 3, time.time())
    waits = jobs.create("photos", ["ocr"], new_items=[NewItem("p", path="/p")])
    remove(store, time.time() - retention.DAY_S)
    with pytest.raises(JobUnknown):
        events.frames(store, old, 0)
    assert {job["task_id"] for job in views.list_jobs(store, 10)[0]} == {fresh, waits}
    assert count(store, tables.items) == 4
    assert count(store, tables.events) == 2 + 1  # its start and its end, as items tell their own; and a start


def test_the_oldest_jobs_go_where_all_have_too_many_items_and_the_newest_never(store: Store) -> None:
    jobs = Jobs(store)
    for days, name in ((3, "a"), (2, "b"), (1, "c")):
        ended(jobs, 4, time.time() - days, name)
    remove(store, OLD, most_items=8)
    with store.read() as connection:
        names = set(connection.scalars(select(tables.items.c.name)))
    assert names == {f"{job}{n}" for job in "bc" for n in range(4)}
    remove(store, OLD, most_items=1)
    assert count(store, tables.items) == 4


def test_a_large_job_goes_in_small_transactions_and_cannot_be_retried_meanwhile(store: Store) -> None:
    jobs = Jobs(store)
    job = ended(jobs, 500, OLD)
    over = retention.expire_jobs(store, time.time() - retention.DAY_S)
    rows = [retention.remove_jobs(store, over)]
    page, _ = events.frames(store, job, 499)
    assert page[-1]["type"] == "end", "who follows it sees its end"
    assert views.job(store, job)["error"]["code"] == retention.EXPIRED
    with pytest.raises(WrongState):
        jobs.retry(job)
    while over:
        rows.append(retention.remove_jobs(store, over))
    assert max(rows) == retention.BATCH
    assert count(store, tables.jobs) == count(store, tables.items) == count(store, tables.events) == 0


def test_a_job_that_is_tried_again_before_its_removal_begins_stays(store: Store) -> None:
    jobs = Jobs(store)
    job = ended(jobs, 2, OLD)
    jobs.retry(job)
    over = [job]
    assert retention.remove_jobs(store, over) == 0
    assert over == []
    assert views.job(store, job)["counts"]["queued"] == 2


def test_a_removal_that_was_broken_off_is_gone_on_with(store: Store) -> None:
    ended(Jobs(store), 400, OLD)
    retention.remove_jobs(store, retention.expire_jobs(store, time.time() - retention.DAY_S))
    remove(store, time.time() - retention.DAY_S)
    assert count(store, tables.items) == count(store, tables.jobs) == 0


def test_an_old_finding_is_forgotten_unless_a_kept_job_shows_it(store: Store) -> None:
    keys = find(store, 700)
    fresh = results.keep(store, *finding(9000))
    job = show(Jobs(store), 5, keys[5])
    assert walk(store, before=time.time() - retention.DAY_S) == 699
    assert set(results.by_id(store, [*keys, fresh])) == {keys[5], fresh}
    remove(store, time.time() + 1)
    with pytest.raises(JobUnknown):
        views.job(store, job)
    assert walk(store, before=time.time() - retention.DAY_S) == 1


def test_the_oldest_findings_are_forgotten_where_they_are_too_many(store: Store) -> None:
    keys = find(store, 100, time.time(), "x" * 2000)
    show(Jobs(store), 0, keys[0])
    half = 50 * (2000 + retention.ROW_BYTES + len(json.dumps({"text": ""})) - 1)
    over = retention.excess(store, half)
    assert 48 <= over <= 52
    assert walk(store, excess=over) == over
    assert set(results.by_id(store, keys)) == {keys[0], *keys[over + 1 :]}
    assert retention.excess(store, 2**30) == 0


def test_a_sample_tells_how_much_findings_take_also_where_rows_are_missing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SAMPLE", 250)
    keys = find(store, 1000, body="x" * 1000)
    with store.write() as connection:
        connection.execute(tables.results.delete().where(tables.results.c.id.in_(keys[100:600])))
    assert 150 <= retention.excess(store, 250 * 1300) <= 350, "250 of 500 are too many"


def test_a_finding_that_was_forgotten_since_it_was_looked_up_is_made_again(store: Store) -> None:
    jobs = Jobs(store)
    [key] = find(store, 1)
    job = jobs.create("photos", ["ocr"], new_items=[NewItem("p", path="/p")])
    lease = jobs.draw("w/1#1", "bulk", 1, 60)
    assert lease is not None
    assert walk(store, before=time.time()) == 1
    assert not jobs.finish(lease.items[0].id, Outcome({"ocr": key}, ("ocr",), finding(0)[0], 1, 1))
    assert jobs.release("w/1#1") == 1
    assert views.job(store, job)["counts"]["queued"] == 1


def test_known_files_that_no_rescan_lists_any_more_are_forgotten(store: Store) -> None:
    rows = [
        {"key": f"{n:032}", "path": f"/{n}", "seen_by": "x", "seen_at": OLD if n % 2 else time.time()}
        for n in range(2 * retention.BATCH + 2)
    ]
    with store.write() as connection:
        connection.execute(insert(tables.files), rows)
    gone = [retention.forget_files(store, time.time() - retention.DAY_S) for _ in range(3)]
    assert gone == [retention.BATCH, 1, 0]
    assert count(store, tables.files) == retention.BATCH + 1


def test_nothing_is_forgotten_where_nothing_is_set(worker: Worker) -> None:
    find(worker.store, 3)
    with worker.store.write() as connection:
        connection.execute(insert(tables.files).values(key="k", path="/k", seen_by="x", seen_at=OLD))
    assert retention.apply(worker)
    assert (count(worker.store, tables.results), count(worker.store, tables.files)) == (3, 1)


def test_everything_is_removed_by_what_is_set(worker: Worker) -> None:
    allow(worker, result_ttl_days=30, library_ttl_days=30)
    find(worker.store, 3)
    ended(Jobs(worker.store), 2, OLD)
    with worker.store.write() as connection:
        connection.execute(insert(tables.files).values(key="k", path="/k", seen_by="x", seen_at=OLD))
    assert retention.apply(worker)
    assert {table.name: count(worker.store, table) for table in (tables.results, tables.files, tables.jobs)} == {
        "results": 0,
        "files": 0,
        "jobs": 0,
    }


def test_what_takes_too_long_is_gone_on_with_where_it_was(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BUDGET_S", -1.0)
    allow(worker, result_ttl_days=30)
    find(worker.store, retention.BATCH + 1)
    assert not retention.apply(worker)
    assert count(worker.store, tables.results) == 1
    assert not retention.apply(worker)
    assert count(worker.store, tables.results) == 0
    assert retention.apply(worker)
    find(worker.store, 1)
    assert retention.apply(worker)
    assert count(worker.store, tables.results) == 1, "the next walk is an hour later"


def test_of_several_workers_one_removes(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    whole = [True, False, True]

    def apply(_: Worker) -> bool:
        calls.append("apply")
        if len(calls) == len(whole):
            worker.stopping.set()
        return whole[len(calls) - 1]

    monkeypatch.setattr(retention, "apply", apply)
    allow(worker, heartbeat_s=0.05)
    beating = [threading.Thread(target=upkeep.keep_house, args=(worker,)) for _ in range(2)]
    for each in beating:
        each.start()
    beating[0].join(1)
    assert calls == ["apply"], "two look many times, and it is done once"
    worker.redis.delete(PREFIX + "retention")
    for each in beating:
        each.join(20)
    assert len(calls) == 3, "what was not finished is gone on with at the next look"


def test_removing_some_costs_no_more_with_100000_photos(store: Store) -> None:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("SQLite counts its steps")
    jobs = Jobs(store)
    ended(jobs, 400, OLD)
    keys = find(store, 1000)
    show(jobs, 0, keys[0])
    over = retention.expire_jobs(store, time.time() - retention.DAY_S)
    questions = {
        "expire": lambda: retention.expire_jobs(store, time.time() - retention.DAY_S),
        "walk": lambda: retention.Walk(store, 0.0, retention.BATCH + 1).step(),
        "excess": lambda: retention.excess(store, 1),
        "files": lambda: retention.forget_files(store, OLD),
    }
    few = {name: steps(store, ask) for name, ask in questions.items()}
    large = jobs.create("library", ["ocr"], listing=True)
    for state in ("queued", "done"):
        grow(store, large, 50_000, state)
    with store.write() as connection:
        connection.execute(
            insert(tables.files),
            [{"key": f"{n:032}", "path": f"/{n}", "seen_by": "x", "seen_at": time.time()} for n in range(50_000)],
        )
    for name, ask in questions.items():
        assert steps(store, ask) <= few[name] + 20, name
    assert retention.remove_jobs(store, over) == retention.BATCH


def test_uploads_are_refused_where_they_take_too_much_and_taken_again_when_some_are_gone(worker: Worker) -> None:
    allow(worker, spool_max_gb=3000 / 2**30)
    worker.spool = blobs_of(worker.settings)
    needed, free = worker.spool.put(b"n" * 2000, "a" * 64), worker.spool.put(b"f" * 900, "b" * 64)
    worker.jobs.create("photos", ["probe"], new_items=[NewItem("a", blob=needed)])
    with pytest.raises(SpoolFull, match="GiB already") as refused:
        worker.spool.put(b"x" * 900, "c" * 64)
    assert "SPOOL_MAX_GB" in (refused.value.hint or "")
    assert worker.spool.put(b"n" * 2000, "a" * 64) == needed, "what is there already takes nothing more"
    upkeep.sweep(worker)
    assert worker.spool.there([needed, free]) == {needed, free}, "room is short, but both are fresh"
    allow(worker, spool_max_gb=2500 / 2**30, queue_timeout_s=-100.0, run_timeout_s=-100.0)
    worker.spool = blobs_of(worker.settings)
    upkeep.sweep(worker)
    assert worker.spool.there([needed, free]) == {needed}, "no request waits so long with an upload of its own"
    worker.spool.put(b"x" * 400, "c" * 64)
