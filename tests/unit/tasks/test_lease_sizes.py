"""How many photos a worker draws at a time: more of those that take next to no time."""

import itertools
import threading
from collections.abc import Iterator
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

    def noted(*args: Any, **more: Any) -> Lease | None:
        lease = draw(*args, **more)
        sizes.append(len(lease.items) if lease else 0)
        return lease

    monkeypatch.setattr(worker.jobs, "draw", noted)
    return sizes


def clock(monkeypatch: pytest.MonkeyPatch, seconds: float | Iterator[float]) -> None:
    """Let a photo take so long, or each its own time, by the clock that leases are measured with."""
    now, each = [0.0], itertools.repeat(seconds) if isinstance(seconds, float) else seconds

    class Time:
        monotonic = staticmethod(lambda: now[0])

    def look(*_: object) -> None:
        now[0] += next(each)

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
    begun = bulk._work_on(worker, lease, "w/1#1", "bulk.jobs", timed=True)
    done = views.job(worker.store, job)["counts"]["done"]
    assert begun == done
    assert 50 <= done <= 51
    assert worker.jobs.release("w/1#1") == 256 - done


def test_slow_photos_among_quick_ones_make_leases_small_again(
    worker: Worker, job: str, drawn: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = itertools.chain(itertools.repeat(0.0001, 170), itertools.repeat(0.2))
    clock(monkeypatch, slow)
    monkeypatch.setattr(worker.turns, "shared", False)
    bulk.take_turn(worker, "bulk")
    assert drawn[:5] == [32, 128, 256, 32, 32], "of the third the ten quick ones and two slow ones were begun"


def test_a_setting_below_the_first_size_is_kept(worker: Worker, job: str, drawn: list[int]) -> None:
    worker.settings = worker.settings.model_copy(update={"lease_items": 5})
    bulk.take_turn(worker, "bulk")
    assert max(drawn) == 5


def test_threads_take_turns_with_quick_photos(worker: Worker, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    most, at_it, guard = [0], [0], threading.Lock()
    real = bulk._work_on

    def counted(worker: Worker, lease: Lease, owner: str, queue: str, timed: bool) -> int:
        quick = len(lease.items) > bulk.FIRST_LEASE
        with guard:
            at_it[0] += quick
            most[0] = max(most[0], at_it[0])
        begun = real(worker, lease, owner, queue, timed)
        with guard:
            at_it[0] -= quick
        return begun

    monkeypatch.setattr(bulk, "_work_on", counted)
    threads = [threading.Thread(target=bulk.take_turn, args=(worker, "bulk")) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most[0] == 1
    assert views.job(worker.store, job)["counts"]["done"] == PHOTOS


@pytest.mark.parametrize("shared", [False, True])
def test_a_small_job_has_work_for_all_threads(
    worker: Worker, drawn: list[int], monkeypatch: pytest.MonkeyPatch, shared: bool
) -> None:
    blob = worker.spool.put(picture(), "a" * 64)
    job = worker.jobs.create("photos", ["probe"], new_items=[NewItem(f"{n}", blob=blob) for n in range(32)])
    clock(monkeypatch, 0.1)
    monkeypatch.setattr(worker.turns, "shared", shared)
    bulk.take_turn(worker, "bulk")
    assert drawn == [4, 3, 3, *[2] * 11, 0]
    assert views.job(worker.store, job)["counts"]["done"] == 32
