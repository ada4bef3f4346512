"""How much waits and how it went: what is sampled, and what is told of the time between two samples."""

import time
from typing import Any

import orjson
import pytest
import redis

from tasks import envelope, history, liveness, queues, standing
from tasks.jobs import NewItem
from tasks.worker import Worker


def note(client: redis.Redis, age_s: float, **more: Any) -> None:
    """A point as a worker wrote it so long ago."""
    at = liveness.now(client) - age_s
    client.lpush(
        "darkroom:history", orjson.dumps({"at": at, "depth": {}, "waiting_s": {}, "done": {}, "spent": {}} | more)
    )


def test_what_waits_says_for_how_long(worker: Worker) -> None:
    kwargs = {"id": "a", "sent_at": time.time() - 5}
    envelope.push(worker.redis, queues.PHOTO, queues.PHOTO_QUEUE, kwargs, 9)
    envelope.push(worker.redis, queues.PHOTO, queues.PHOTO_QUEUE, kwargs | {"id": "b", "sent_at": time.time()}, 9)
    envelope.push(worker.redis, queues.LIST, queues.LIST_QUEUE, {"job_id": "x"}, 9)
    worker.jobs.create("photos", ["probe"], new_items=[NewItem("a"), NewItem("b")])
    found = standing.look(worker.redis, worker.jobs)
    assert list(found) == list(queues.ALL_QUEUES)
    photo, listing, bulk = found[queues.PHOTO_QUEUE], found[queues.LIST_QUEUE], found["bulk.jobs"]
    assert (photo.depth, photo.messages, round(photo.waiting_s or 0)) == (2, 2, 5)
    assert (listing.depth, listing.waiting_s) == (1, None), "its message does not say"
    assert (bulk.depth, bulk.messages) == (2, 0)
    assert 0 <= (bulk.waiting_s or 0) < 5
    assert found["document.pages"] == standing.Standing(0, 0, 0.0)


def test_of_all_workers_one_samples_each_step(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "STEP_S", 100_000)
    worker.jobs.create("photos", ["probe"], new_items=[NewItem("a")])
    for _ in range(3):
        history.sample(worker)
    (point,) = [orjson.loads(raw) for raw in worker.redis.lrange("darkroom:history", 0, -1)]
    assert point["depth"] == {"bulk.jobs": 1}
    assert set(point["waiting_s"]) == {"bulk.jobs"}


def test_no_more_than_the_last_hour_is_kept(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "POINTS", 3)
    for age_s in (50, 40, 30, 20, 15):
        note(worker.redis, age_s)
    history.sample(worker)
    assert worker.redis.llen("darkroom:history") == 3
    worker.redis.delete("darkroom:history")
    note(worker.redis, 31)
    note(worker.redis, 5)
    assert len(history.read(worker.redis)) == 1


def test_points_tell_what_was_done_between_them_and_nothing_of_gaps(valkey: redis.Redis) -> None:
    photo, listing = queues.PHOTO_QUEUE, queues.LIST_QUEUE
    note(valkey, 200, done={photo: 5})
    note(valkey, 100, done={photo: 100})
    note(valkey, 90, done={photo: 120, "bulk.jobs": 30, listing: 7}, spent={photo: 4.0})
    note(valkey, 80, done={photo: 120, "bulk.jobs": 30, listing: 7}, spent={photo: 4.0})
    note(valkey, 70, done={photo: 1}, spent={photo: 0.1})
    told = [(point["per_s"], point["latency_s"]) for point in history.read(valkey)]
    assert told[:2] == [(None, None), (None, None)], "the first one, and one after a gap"
    assert told[2] == (pytest.approx(5, abs=0.1), 0.2), "lists are no work that anybody counts"
    assert told[3] == (0, None)
    assert told[4] == (None, None), "the broker began to count anew"


def test_the_pace_is_that_of_the_last_minute(valkey: redis.Redis) -> None:
    assert set(history.paces(valkey).values()) == {history.Pace(0, None)}
    note(valkey, 500, done={"bulk.jobs": 0})
    note(valkey, 40, done={"bulk.jobs": 1000})
    note(valkey, 1, done={"bulk.jobs": 1399})
    history.count(valkey, "bulk.jobs", 1400)
    pace = history.paces(valkey)["bulk.jobs"]
    assert (pace.done, pace.per_s) == (1400, pytest.approx(10, abs=0.5))
    valkey.delete("darkroom:history:done")
    assert history.paces(valkey)["bulk.jobs"] == history.Pace(0, None)
