"""How many photos a worker draws at a time: more of those that take next to no time."""

import threading
from typing import Any

import pytest

from tasks import bulk, views
from tasks.jobs import Lease, NewItem
from tasks.worker import Worker
from tests.conftest import picture

PHOTOS = 600


@pytest.fixture
def job(worker: Worker) -> str:
    blob = worker.spool.put(picture(), "a" * 64)
    return worker.jobs.create("photos", ["probe"], new_items=[NewItem(f"{n}", blob=blob) for n in range(PHOTOS)])


@pytest.fixture
def drawn(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the leases, as they are drawn."""
    sizes: list[int] = []
    draw = worker.jobs.draw

    def noted(*args: Any) -> Lease | None:
        lease = draw(*args)
        sizes.append(len(lease.items) if lease else 0)
        return lease

    monkeypatch.setattr(worker.jobs, "draw", noted)
    return sizes


def clock(monkeypatch: pytest.MonkeyPatch, seconds_a_photo: float) -> None:
    """Let a photo take so long, by the clock that leases are measured with."""
    now = [0.0]

    class Time:
        monotonic = staticmethod(lambda: now[0])

    def look(*_: object) -> None:
        now[0] += seconds_a_photo

    monkeypatch.setattr(bulk, "time", Time)
    real = bulk._look
    monkeypatch.setattr(bulk, "_look", lambda *args: (look(), real(*args))[1])


@pytest.mark.parametrize(("shared", "sizes"), [(False, [32, 128, 200, 200]), (True, [4, 16, 64, 200])])
def test_leases_of_quick_photos_grow_up_to_the_setting(
    worker: Worker, job: str, drawn: list[int], monkeypatch: pytest.MonkeyPatch, shared: bool, sizes: list[int]
) -> None:
    clock(monkeypatch, 0.0001)
    monkeypatch.setattr(worker.turns, "shared", shared)
    worker.settings = worker.settings.model_copy(update={"lease_items": 200})
    bulk.take_turn(worker, "bulk")
    assert drawn[:4] == sizes
    assert sum(drawn) == PHOTOS
    assert views.job(worker.store, job)["counts"]["done"] == PHOTOS


def test_leases_of_slow_photos_stay_small(
    worker: Worker, job: str, drawn: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(monkeypatch, 0.2)
    monkeypatch.setattr(worker.turns, "shared", False)
    bulk.take_turn(worker, "bulk")
    assert set(drawn) == {32}
    assert views.job(worker.store, job)["counts"]["done"] == 64, "until the turn was over"


def test_what_is_left_of_a_lease_that_grew_too_large_is_given_back(
    worker: Worker, job: str, drawn: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(monkeypatch, 0.005)
    lease = worker.jobs.draw("w/1#1", "bulk", 256, 600)
    assert lease is not None
    bulk._work_on(worker, lease, "w/1#1", "bulk.jobs", least=32)
    done = views.job(worker.store, job)["counts"]["done"]
    assert 50 <= done <= 51
    assert worker.jobs.release("w/1#1") == 256 - done


def test_a_setting_below_the_first_size_is_kept(worker: Worker, job: str, drawn: list[int]) -> None:
    worker.settings = worker.settings.model_copy(update={"lease_items": 5})
    bulk.take_turn(worker, "bulk")
    assert max(drawn) == 5


def test_threads_take_turns_with_quick_photos(worker: Worker, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    most, at_it, guard = [0], [0], threading.Lock()
    real = bulk._work_on

    def counted(worker: Worker, lease: Lease, owner: str, queue: str, least: int) -> None:
        quick = len(lease.items) > least
        with guard:
            at_it[0] += quick
            most[0] = max(most[0], at_it[0])
        real(worker, lease, owner, queue, least)
        with guard:
            at_it[0] -= quick

    monkeypatch.setattr(bulk, "_work_on", counted)
    threads = [threading.Thread(target=bulk.take_turn, args=(worker, "bulk")) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most[0] == 1
    assert views.job(worker.store, job)["counts"]["done"] == PHOTOS
