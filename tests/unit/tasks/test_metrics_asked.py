"""What broker and store say when a scrape comes: the right numbers, at the same price however much there is."""

import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from monitoring.asked import Sample
from tasks import envelope, gauges, history, liveness, queues, recovery
from tasks.jobs import NewItem, Outcome
from tasks.store.models import items, jobs, usage
from tasks.store.session import Store
from tasks.worker import Worker
from tests.unit.tasks.test_upkeep_cost import steps

Told = dict[tuple[str, ...], float]


def told(samples: Any) -> Told:
    """Name and labels -> value."""
    found: list[Sample] = list(samples)
    by_name = {(sample.metric.name, *sample.labels): float(sample.value) for sample in found}
    assert len(by_name) == len(found), "each series once"
    return by_name


def of_broker(worker: Worker) -> Told:
    return told(gauges.of_broker(worker.redis))


def of_store(worker: Worker) -> Told:
    return told(gauges.of_store(worker.store, worker.jobs))


def test_depth_and_age_of_every_queue_are_told_once(worker: Worker) -> None:
    kwargs = {"id": "a", "sent_at": time.time() - 5}
    envelope.push(worker.redis, queues.PHOTO, queues.PHOTO_QUEUE, kwargs, 9)
    worker.jobs.create("photos", ["probe"], new_items=[NewItem("a"), NewItem("b")])
    broker, store = of_broker(worker), of_store(worker)
    both = told(
        sample
        for part in (gauges.of_broker(worker.redis), gauges.of_store(worker.store, worker.jobs))
        for sample in part
    )
    assert both.keys() == broker.keys() | store.keys()
    assert {name[1] for name in both if name[0] == "darkroom_queue_depth"} == set(queues.ALL_QUEUES)
    assert broker["darkroom_queue_depth", queues.PHOTO_QUEUE] == 1
    assert 5 <= broker["darkroom_queue_oldest_seconds", queues.PHOTO_QUEUE] < 10
    assert store["darkroom_queue_depth", "bulk.jobs"] == 2
    assert store["darkroom_jobs", "photos", "queued"] == 1


def test_finished_work_is_counted_by_the_broker(worker: Worker) -> None:
    history.count(worker.redis, "bulk.jobs", 5)
    history.count(worker.redis, "bulk.jobs")
    broker = of_broker(worker)
    assert broker["darkroom_queue_finished", "bulk.jobs"] == 6
    assert broker["darkroom_queue_finished", queues.TEXT_QUEUE] == 0
    assert broker["darkroom_broker_memory_bytes",] > 100_000


def test_a_worker_is_told_of_with_its_memory_and_what_it_serves(worker: Worker) -> None:
    liveness.announce(worker.redis, worker.record())
    broker = of_broker(worker)
    assert broker["darkroom_workers", "cpu"] == 1
    assert broker["darkroom_worker_up", worker.name] == 1
    assert broker["darkroom_worker_seen_seconds", worker.name] < 5
    assert broker["darkroom_worker_memory_bytes", worker.name] > 10 * 2**20
    assert broker["darkroom_queue_workers", "bulk.jobs"] == 1
    assert broker["darkroom_document_engine_up", "classic"] == 1


def died(worker: Worker, age_s: float) -> None:
    """Another worker gave its last sign of life so long ago."""
    record = replace(worker.record(), name="far", host="elsewhere", pid=1)
    liveness.announce(worker.redis, replace(record, at=record.at - age_s, expires_at=record.at - age_s + 20))


def test_a_worker_without_goodbye_is_down_for_an_hour_whoever_adopts_its_work(worker: Worker) -> None:
    liveness.announce(worker.redis, worker.record())
    died(worker, 60)
    for _ in range(2):  # noticed by nobody yet, and then by this worker
        broker = of_broker(worker)
        assert broker["darkroom_worker_up", "far"] == 0
        assert 60 <= broker["darkroom_worker_seen_seconds", "far"] < 65
        assert ("darkroom_worker_memory_bytes", "far") not in broker
        assert broker["darkroom_workers", "cpu"] == 1
        recovery.adopt(worker)
    assert liveness.find(worker.redis, "far") is None, "its work was taken over"
    died(worker, 3700)
    recovery.adopt(worker)
    assert ("darkroom_worker_up", "far") not in of_broker(worker)


def test_a_worker_that_comes_back_is_up_and_one_that_says_goodbye_vanishes(worker: Worker) -> None:
    died(worker, 60)
    recovery.adopt(worker)
    died(worker, 0)
    assert of_broker(worker)["darkroom_worker_up", "far"] == 1
    liveness.withdraw(worker.redis, "far")
    assert not [name for name in of_broker(worker) if "far" in name]


def test_a_name_that_is_long_forgotten_leaves_the_broker(worker: Worker) -> None:
    died(worker, 3700)
    recovery.adopt(worker)
    died(worker, 60)
    recovery.adopt(worker)
    assert worker.redis.hlen("darkroom:workers:lost") == 1


def fill(store: Store, count: int) -> None:
    """History: jobs that ended with their photos, and documents that were paid for."""
    now = time.time()
    ended = {"kind": "photos", "state": "completed", "priority": "bulk", "tasks": ["ocr"], "options": {}}
    many = [
        {"id": f"{n:032x}", **ended, "listing": False, "total": 10, "done": 10, "created_at": now}
        for n in range(count // 10)
    ]
    done = [{"job_id": f"{n // 10:032x}", "name": f"{n}", "state": "done", "seq": n} for n in range(count)]
    cost = dict.fromkeys(
        ("pages", "prompt_tokens", "completion_tokens", "prompt_chars", "completion_chars", "input_bytes"), 1
    )
    paid = [
        {
            "job_id": f"{n:032x}",
            "kind": "pdf",
            "name": "a",
            "engine": "classic",
            "seconds": 1,
            "created_at": now,
            **cost,
        }
        for n in range(count // 10)
    ]
    with store.write() as connection:
        connection.execute(insert(jobs), many)
        connection.execute(insert(items), done)
        connection.execute(insert(usage), paid)


def test_the_store_is_asked_for_no_more_with_100000_items_of_history(worker: Worker) -> None:
    if worker.store.engine.dialect.name != "sqlite":
        pytest.skip("counts the instructions of SQLite's machine")
    worker.jobs.create("photos", ["probe"], new_items=[NewItem("a", path="/a")])
    few = steps(worker.store, lambda: of_store(worker))
    fill(worker.store, 100_000)
    many = steps(worker.store, lambda: of_store(worker))

    def read_all() -> None:
        with worker.store.read() as connection:
            connection.execute(select(func.count()).where(items.c.name != "")).all()

    assert steps(worker.store, read_all) > 1000, "reading them all would have been seen"
    assert many <= few + 5
    assert of_store(worker)["darkroom_queue_depth", "bulk.jobs"] == 1


@pytest.mark.parametrize(("code", "outcome"), [(None, "completed"), ("unreadable", "completed")])
def test_a_job_is_counted_once_when_it_ends(worker: Worker, code: str | None, outcome: str) -> None:
    from monitoring.metrics import JOBS

    counter = JOBS.labels("photos", outcome)._value
    before = counter.get()
    worker.jobs.create("photos", ["probe"], new_items=[NewItem("a"), NewItem("b")])
    assert of_store(worker)["darkroom_jobs", "photos", "queued"] == 1
    lease = worker.jobs.draw("me/1", "bulk", 10, 60)
    assert lease is not None
    first, last = (item.id for item in lease.items)
    worker.jobs.finish(first, Outcome(error_code=code))
    assert counter.get() == before
    worker.jobs.finish(last, Outcome(error_code=code))
    worker.jobs.finish(last, Outcome(error_code=code))
    assert counter.get() - before == 1
    assert of_store(worker)["darkroom_jobs", "photos", "running"] == 0
