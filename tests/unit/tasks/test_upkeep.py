"""What a worker does for others: leavings of the dead, work without word, lists without a worker."""

import os
import time
from dataclasses import replace
from unittest.mock import patch

import orjson
import pytest

from engines.errors import DeviceMissing
from tasks import bulk, control, liveness, queues, recovery, upkeep
from tasks.app import unacked_keys
from tasks.broker import PREFIX, queue_key
from tasks.envelope import push
from tasks.jobs import NewItem
from tasks.watchdog import Work
from tasks.worker import Worker, pin
from tests.conftest import picture


def new(count: int) -> list[NewItem]:
    return [NewItem(f"p{n}", path=f"/p{n}") for n in range(count)]


def depth(worker: Worker, queue: str) -> int:
    return int(worker.redis.llen(queue_key(queue)))  # type: ignore[arg-type]


def test_photos_of_a_worker_that_is_gone_are_given_back(worker: Worker) -> None:
    worker.jobs.create("photos", ["probe"], new_items=new(3))
    gone = replace(worker.record(), name="gone", expires_at=time.time() - 1)
    liveness.announce(worker.redis, gone)
    assert worker.jobs.draw(f"{gone.owner}#1", "bulk", 3, 600) is not None
    upkeep.look_after(worker)
    assert worker.jobs.owners() == set()
    assert liveness.workers(worker.redis) == []
    assert depth(worker, "bulk.jobs") == 1


def test_photos_of_a_worker_that_lives_stay_with_it(worker: Worker) -> None:
    worker.jobs.create("photos", ["probe"], new_items=new(2))
    other = replace(worker.record(), name="other")
    for record in (other, worker.record()):
        liveness.announce(worker.redis, record)
        assert worker.jobs.draw(f"{record.owner}#1", "bulk", 1, 600) is not None
    upkeep.look_after(worker)
    assert len(worker.jobs.owners()) == 2


def test_a_successor_takes_over_what_its_predecessor_held_and_not_its_own(worker: Worker) -> None:
    worker.jobs.create("photos", ["probe"], new_items=new(2))
    worker.jobs.draw(f"{worker.name}/earlier#1", "bulk", 1, 600)
    worker.jobs.draw(f"{worker.name}/{worker.instance}#1", "bulk", 1, 600)
    recovery.take_over(worker)
    assert worker.jobs.owners() == {f"{worker.name}/{worker.instance}#1"}


def test_word_is_sent_once_for_work_that_waits(worker: Worker) -> None:
    worker.jobs.create("photos", ["probe"], new_items=new(1))
    for _ in range(3):
        upkeep.look_after(worker)
    assert depth(worker, "bulk.jobs") == 1
    assert depth(worker, "interactive.jobs") == 0


def test_a_list_whose_message_was_lost_is_sent_again_once(worker: Worker) -> None:
    worker.jobs.create("library", ["probe"], listing=True, options={"library": "/none"})
    upkeep.look_after(worker)
    worker.redis.delete(queue_key("bulk.list"))
    upkeep.look_after(worker)
    assert depth(worker, "bulk.list") == 0, "who lists has time to do it"
    worker.redis.flushall()
    upkeep.look_after(worker)
    assert depth(worker, "bulk.list") == 1


def test_expired_uploads_and_jobs_are_swept(worker: Worker) -> None:
    worker.settings = worker.settings.model_copy(update={"blob_ttl_s": -1.0})
    kept, dropped = (worker.spool.put(bytes([n]), f"{n}" * 64) for n in (1, 2))
    worker.jobs.create("photos", ["probe"], new_items=[NewItem("a", blob=kept)])
    upkeep.sweep(worker)
    assert worker.spool.path(kept).exists()
    assert not worker.spool.path(dropped).exists()


def test_a_wish_is_obeyed_once(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    unloads: list[str] = []
    monkeypatch.setattr(type(worker.engines), "unload", lambda _: unloads.append("unload"))
    before = control.seen(worker.redis)
    control.ask(worker.redis, control.UNLOAD)
    after = control.obey(worker, before)
    assert control.obey(worker, after) == after
    assert unloads == ["unload"]


def test_a_turn_ends_in_favour_of_others_and_sends_word_of_the_rest(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "TURN_S", -1.0)
    worker.settings = worker.settings.model_copy(update={"lease_items": 1})
    blob = worker.spool.put(picture(), "a" * 64)
    worker.jobs.create("photos", ["probe"], new_items=[NewItem(f"{n}", blob=blob) for n in range(2)])
    bulk.take_turn(worker, "bulk")
    assert worker.jobs.waiting()["bulk"][0] == 1
    assert depth(worker, "bulk.jobs") >= 1
    bulk.take_turn(worker, "bulk")
    assert worker.jobs.waiting() == {}


def test_a_worker_that_stops_gives_back_what_it_has_not_begun(worker: Worker) -> None:
    worker.jobs.create("photos", ["probe"], new_items=new(2))
    lease = worker.jobs.draw("w/1#1", "bulk", 2, 600)
    assert lease is not None
    worker.stopping.set()
    bulk._work_on(worker, lease, "w/1#1", "bulk.jobs")
    assert worker.jobs.release("w/1#1") == 2


def test_a_process_is_pinned_to_the_cores_of_its_device() -> None:
    allowed = os.sched_getaffinity(0)
    first = min(allowed)
    try:
        pin(f"cpu:{first}")
        assert os.sched_getaffinity(0) == {first}
        with pytest.raises(DeviceMissing, match="many"):
            pin("cpu:many")
    finally:
        os.sched_setaffinity(0, allowed)


def test_a_worker_of_a_gpu_sees_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.worker.check_device", lambda device: None)
    monkeypatch.setattr("engines.nvidia._names", lambda root: ["0", "1"])
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    monkeypatch.setenv("DARKROOM_CUDA_SHOWN", "")
    monkeypatch.delenv("DARKROOM_CUDA_SHOWN")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    pin("cuda:1")
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"


def test_the_bound_of_a_queue_holds_however_many_push(worker: Worker) -> None:
    depths = [push(worker.redis, queues.PHOTO, queues.PHOTO_QUEUE, {"id": str(n)}, 3) for n in range(9)]
    assert depths.count(None) == depth(worker, queues.PHOTO_QUEUE) == 3


def test_a_listing_that_is_being_made_is_not_begun_again(worker: Worker) -> None:
    worker.jobs.create("library", ["probe"], listing=True, options={"library": "/none"}, custom_id="x")
    job_id, _ = worker.jobs.listings()[0]
    bulk.listed_more(worker, job_id)
    upkeep.look_after(worker)
    assert depth(worker, "bulk.list") == 0
    worker.redis.delete(f"{PREFIX}listing:{job_id}")
    upkeep.look_after(worker)
    assert depth(worker, "bulk.list") == 1


def test_a_claim_holds_for_its_time_and_not_longer_when_the_clock_is_set_back(worker: Worker) -> None:
    assert liveness.claim(worker.redis, "upkeep", 100)
    assert not liveness.claim(worker.redis, "upkeep", 100)
    worker.redis.set(f"{PREFIX}upkeep", time.time() + 2 * 86400)
    assert liveness.claim(worker.redis, "upkeep", 100), (
        "it was claimed two days from now, before the clock was set back"
    )


def test_a_sign_of_life_from_the_future_is_not_believed(worker: Worker) -> None:
    now = time.time()
    liveness.announce(worker.redis, replace(worker.record(), name="early", at=now + 7200, expires_at=now + 7220))
    liveness.announce(worker.redis, worker.record())
    assert [record.name for record in liveness.workers(worker.redis)] == [worker.name]


def test_a_dead_workers_messages_are_put_back_once_by_two_who_notice(worker: Worker) -> None:
    unacked, index = (PREFIX + key for key in unacked_keys("dead"))
    message = {"headers": {"id": "1"}, "body": "x"}
    worker.redis.hset(unacked, "tag", orjson.dumps([message, "", "interactive.photo"]))
    worker.redis.zadd(index, {"tag": 1.0})
    both = [worker.redis.hgetall(unacked)] * 2  # both looked before either of them put it back
    with patch.object(worker.redis, "hgetall", side_effect=both):
        assert [recovery.restore_messages(worker.redis, "dead") for _ in range(2)] == [1, 0]
    assert depth(worker, "interactive.photo") == 1
    assert worker.redis.zcard(index) == 0


def test_what_hangs_counts_a_start_and_is_alone_from_then_on_and_nothing_else_does(worker: Worker) -> None:
    worker.jobs.create("photos", ["probe"], new_items=new(6))
    mine, other = f"{worker.name}/{worker.instance}#1", f"{worker.name}/{worker.instance}#2"
    hung = worker.jobs.draw(mine, "bulk", 3, 600)
    assert hung is not None
    assert worker.jobs.draw(other, "bulk", 3, 600) is not None
    recovery.tell(worker, [Work("p1", mine, hung.items[1].id)], "hanging for 300 s")
    assert worker.stopping.is_set()
    innocent = worker.jobs.draw("next/1#1", "bulk", 16, 600)
    suspect = worker.jobs.draw("next/1#2", "bulk", 16, 600)
    assert innocent is not None
    assert suspect is not None
    assert [item.name for item in innocent.items] == ["p0", "p2", "p3", "p4", "p5"]
    assert [(item.name, item.attempts, item.error_message) for item in suspect.items] == [
        ("p1", 1, "hanging for 300 s")
    ]
