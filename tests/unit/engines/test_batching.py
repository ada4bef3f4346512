"""Concurrent calls meet in a batch; nobody waits without need, nobody is lost, and errors reach all they concern."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engines.batching import Batcher
from tests.conftest import until

SOON = 20


class Network:
    """Doubles numbers; holds every batch until it is let go, and notes what it was given."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began = threading.Semaphore(0)
        self.let_go = threading.Semaphore(0)
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def run(self, items: list[int]) -> list[int]:
        with self._lock:
            self.batches.append(items)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.began.release()
        assert self.let_go.acquire(timeout=SOON)
        with self._lock:
            self.at_once -= 1
        if any(item < 0 for item in items):
            raise ValueError("a number below zero")
        return [item * 2 for item in items]

    def wait_for_batch(self) -> None:
        assert self.began.acquire(timeout=SOON)


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as threads:
        yield threads


def ask(batcher: "Batcher[int, int]", item: int) -> int:
    """A call with one item."""
    return batcher.map([item])[0]


def wait_until_gathered(batcher: "Batcher[int, int]", count: int) -> None:
    """Until so many items wait for a place."""
    until(lambda: len(batcher._waiting) == count, SOON, f"{count} items waiting")


def test_a_lonely_call_runs_at_once_and_alone() -> None:
    seen: list[list[int]] = []

    def run(items: list[int]) -> list[int]:
        seen.append(items)
        return items

    assert ask(Batcher(run, limit=8, task="test"), 5) == 5
    assert seen == [[5]]


def test_calls_that_come_while_one_runs_share_the_next_batch(network: Network, pool: ThreadPoolExecutor) -> None:
    batcher = Batcher(network.run, limit=8, task="test")
    first = pool.submit(ask, batcher, 1)
    network.wait_for_batch()
    others = [pool.submit(ask, batcher, number) for number in range(2, 7)]
    wait_until_gathered(batcher, 5)
    network.let_go.release(2)
    assert first.result(SOON) == 2
    assert [other.result(SOON) for other in others] == [4, 6, 8, 10, 12]
    assert [sorted(batch) for batch in network.batches] == [[1], [2, 3, 4, 5, 6]]


def test_no_batch_is_larger_than_the_limit_and_results_keep_their_order(network: Network) -> None:
    network.let_go.release(10)
    assert Batcher(network.run, limit=4, task="test").map(range(10)) == [number * 2 for number in range(10)]
    assert network.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_no_more_batches_than_allowed_run_side_by_side(network: Network, pool: ThreadPoolExecutor) -> None:
    batcher = Batcher(network.run, limit=1, task="test", side_by_side=2)
    calls = [pool.submit(ask, batcher, number) for number in range(6)]
    network.wait_for_batch()
    network.wait_for_batch()
    wait_until_gathered(batcher, 4)
    network.let_go.release(6)
    assert [call.result(SOON) for call in calls] == [0, 2, 4, 6, 8, 10]
    assert network.most_at_once == 2


def test_an_error_reaches_every_caller_of_its_batch_and_no_other(network: Network, pool: ThreadPoolExecutor) -> None:
    batcher = Batcher(network.run, limit=2, task="test")
    first = pool.submit(ask, batcher, 1)
    network.wait_for_batch()
    broken = []
    for count, number in enumerate((-1, 2), 1):
        broken.append(pool.submit(ask, batcher, number))
        wait_until_gathered(batcher, count)
    sound = [pool.submit(ask, batcher, number) for number in (3, 4)]
    wait_until_gathered(batcher, 4)
    network.let_go.release(3)
    assert first.result(SOON) == 2
    for call in broken:
        with pytest.raises(ValueError, match="below zero"):
            call.result(SOON)
    assert [call.result(SOON) for call in sound] == [6, 8]


@pytest.mark.parametrize("answer", [lambda items: [], lambda items: [*items, 0]])
def test_a_wrong_number_of_results_is_an_error_and_never_a_wrong_answer(
    answer: Callable[[list[int]], list[int]],
) -> None:
    with pytest.raises(ValueError, match="zip"):
        Batcher(answer, limit=8, task="test").map([1, 2])


def test_after_an_error_the_next_call_works(network: Network) -> None:
    batcher = Batcher(network.run, limit=2, task="test")
    network.let_go.release(2)
    with pytest.raises(ValueError, match="below zero"):
        ask(batcher, -1)
    assert ask(batcher, 4) == 8


def test_nobody_is_kept_busy_for_others_once_the_own_result_is_there(
    network: Network, pool: ThreadPoolExecutor
) -> None:
    batcher = Batcher(network.run, limit=1, task="test")
    first = pool.submit(ask, batcher, 1)
    network.wait_for_batch()
    others = [pool.submit(ask, batcher, number) for number in (2, 3, 4)]
    wait_until_gathered(batcher, 3)
    network.let_go.release()
    # The other batches are still held: the first caller must not be the one who runs them.
    assert first.result(SOON) == 2
    network.let_go.release(3)
    assert [call.result(SOON) for call in others] == [4, 6, 8]


def test_of_many_callers_under_load_nobody_is_lost(pool: ThreadPoolExecutor) -> None:
    batcher: Batcher[int, int] = Batcher(
        lambda items: [item + 1 for item in items], limit=3, task="test", side_by_side=2
    )
    asked = [[caller * 100 + number for number in range(caller % 5)] for caller in range(400)]
    answers = list(pool.map(batcher.map, asked))
    assert answers == [[number + 1 for number in numbers] for numbers in asked]


def test_no_items_are_no_work() -> None:
    assert Batcher(lambda items: pytest.fail("run was called"), limit=2, task="test").map([]) == []
