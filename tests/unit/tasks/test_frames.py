"""Following a job: every reader sees every frame once, whoever reads how and whatever is down."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import redis
from sqlalchemy import delete

from tasks import events, results, views
from tasks.broker import connect_async, end
from tasks.errors import JobUnknown
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store import models as tables
from tasks.store.session import Store

DONE = Outcome(results={}, sha256="a" * 64, width=1, height=1)
FAILED = Outcome(error_code="not_a_picture", error_message="No.")


@pytest.fixture
async def wakes(valkey_url: str) -> AsyncIterator[events.Wakes]:
    client = connect_async(valkey_url)
    made = events.Wakes(client)
    reading = asyncio.create_task(made.run())
    yield made
    await end([reading])
    await client.aclose()


def job_of(store: Store, count: int) -> tuple[Jobs, str, list[int]]:
    jobs = Jobs(store)
    job = jobs.create("photos", ["ocr"], new_items=[NewItem(f"p{n}", path=f"/p{n}") for n in range(count)])
    lease = jobs.draw("w/1#1", "bulk", count, 60)
    assert lease is not None
    return jobs, job, [item.id for item in lease.items]


async def read(store: Store, wakes: events.Wakes, job: str, after: int = 0, stop: int = 10**6) -> list[dict[str, Any]]:
    seen = []
    async for frame in events.follow(store, wakes, job, after, True):
        if frame is not None:
            seen.append(frame)
        if len(seen) == stop:
            break
    return seen


async def test_readers_that_come_at_any_time_see_every_frame_once(
    store: Store, wakes: events.Wakes, valkey: redis.Redis
) -> None:
    jobs, job, items = job_of(store, 3 * events.PAGE)

    async def work() -> None:
        for item in items:
            await asyncio.to_thread(jobs.finish, item, DONE)
            await asyncio.to_thread(events.wake, valkey, job)

    early = [asyncio.create_task(read(store, wakes, job)) for _ in range(2)]
    working = asyncio.create_task(work())
    first = await read(store, wakes, job, stop=events.PAGE // 2)
    rest = await read(store, wakes, job, after=first[-1]["seq"])
    await working
    late = await read(store, wakes, job)
    seqs = [frame["seq"] for frame in late]
    assert seqs == list(range(1, len(seqs) + 1))
    assert sorted(f["item_id"] for f in late if f["type"] == "item") == sorted(items)
    assert late[-1]["type"] == "end"
    for other in (*[await reader for reader in early], [*first, *rest]):
        assert [frame["seq"] for frame in other] == seqs


async def test_a_reader_that_waits_is_woken(
    store: Store, wakes: events.Wakes, valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_AGAIN_S", 60)
    jobs, job, items = job_of(store, 1)
    reader = events.follow(store, wakes, job, 0, True)
    first = await anext(reader)
    assert first is not None
    assert first["type"] == "start"
    waiting = asyncio.create_task(anext(reader))  # all that there was has been read
    jobs.finish(items[0], DONE)
    async with asyncio.timeout(10):
        while not waiting.done():  # news from before the reading of news began is nobody's
            events.wake(valkey, job)
            await asyncio.wait([waiting], timeout=0.05)
    second = waiting.result()
    assert second is not None
    assert second["type"] == "item"
    assert [frame["type"] async for frame in reader if frame] == ["end"]
    assert wakes._waiting == {}


async def test_without_a_broker_readers_look_again_by_themselves(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK_AGAIN_S", 0.05)
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.01)
    client = connect_async("unix:///nowhere/s")
    wakes = events.Wakes(client)
    reading = asyncio.create_task(wakes.run())
    jobs, job, items = job_of(store, 1)
    kinds = []
    async with asyncio.timeout(10):
        async for frame in events.follow(store, wakes, job, 0, True):
            kinds.append(frame["type"] if frame else "heartbeat")
            if kinds.count("heartbeat") == 2:
                await asyncio.to_thread(jobs.finish, items[0], DONE)
    assert [kind for kind in kinds if kind != "heartbeat"] == ["start", "item", "end"]
    await end([reading])
    await client.aclose()


async def test_without_following_the_frames_so_far_are_the_answer(store: Store, wakes: events.Wakes) -> None:
    jobs, job, items = job_of(store, 2 * events.PAGE)
    for item in items[:-1]:
        jobs.finish(item, DONE)
    seen = [frame async for frame in events.follow(store, wakes, job, 0, False)]
    assert sum(frame["type"] == "item" for frame in seen if frame) == len(items) - 1


def test_a_frame_of_a_failure_says_the_same_after_a_retry(store: Store) -> None:
    jobs, job, items = job_of(store, 2)
    jobs.finish(items[0], FAILED)
    jobs.finish(items[1], DONE)
    before, _ = events.frames(store, job, 0)
    jobs.retry(job)
    while_waiting, over = events.frames(store, job, 0)
    assert not over
    lease = jobs.draw("w/2#1", "bulk", 1, 60)
    assert lease is not None
    key = results.keep(store, "b" * 64, Finding("ocr", "m", "r", 1, 1, {"lines": []}))
    jobs.finish(lease.items[0].id, Outcome(results={"ocr": key}, sha256="b" * 64, width=1, height=1))
    after, over = events.frames(store, job, 0)
    assert over

    def told(page: list[dict[str, Any]]) -> list[Any]:
        return [(f["name"], f["status"], f["error"], f["results"]) for f in page if f["type"] == "item"]

    assert told(before)[0] == ("p0", "failed", {"code": "not_a_picture", "message": "No."}, {})
    assert told(while_waiting) == told(before)
    assert told(after)[:2] == told(before)
    assert told(after)[2][:3] == ("p0", "done", None)
    assert [line["status"] for line in views.finished(store, job, 0, 10)] == ["done", "done"]


def test_frames_after_a_gap_are_read_with_those_before_it(store: Store) -> None:
    jobs, job, items = job_of(store, 3 * events.PAGE)
    jobs.finish_all(job, [(item, DONE) for item in items])
    with store.write() as connection:
        lost = tables.items.c.seq.between(events.PAGE // 2, 2 * events.PAGE)
        connection.execute(delete(tables.items).where(lost))
    page, over = events.frames(store, job, 0)
    assert [frame["seq"] for frame in page] == [
        *range(1, events.PAGE // 2),
        *range(2 * events.PAGE + 1, 2 * events.PAGE + 2 + events.PAGE // 2),
    ]
    assert not over


def test_frames_of_no_job_are_an_error(store: Store) -> None:
    with pytest.raises(JobUnknown):
        events.frames(store, "none", 0)
