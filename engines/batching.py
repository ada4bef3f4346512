"""Concurrent calls meet in one batch, and a lonely call waits for nobody.

A call that finds the network idle runs at once. Calls that come while it runs gather, and the next one to run takes
them all along: batches grow with the load by themselves, without a timer.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Runs a function of many items for callers that have few.

    Args:
        run: takes 1 to `limit` items, returns as many results in the same order; called by at most `side_by_side`
            threads at once.
        limit: most items of a batch.
        side_by_side: batches that may run at once.
    """

    def __init__(self, run: Callable[[list[T]], Sequence[R]], limit: int, side_by_side: int = 1) -> None:
        self._run = run
        self._limit = limit
        self._free = side_by_side
        self._lock = threading.Lock()
        self._waiting: deque[tuple[T, Future[R]]] = deque()

    def __call__(self, item: T) -> R:
        """The result of one item; an error of its batch is raised in every caller of the batch."""
        return self.map([item])[0]

    def map(self, items: Sequence[T]) -> list[R]:
        """The results of some items, in their order."""
        futures: list[Future[R]] = [Future() for _ in items]
        with self._lock:
            self._waiting.extend(zip(items, futures, strict=True))
        self._work()
        return [future.result() for future in futures]

    def _work(self) -> None:
        """Run what waits, as long as a place is free; whoever holds a place runs for the others too."""
        while True:
            with self._lock:
                if not self._free or not self._waiting:
                    return
                self._free -= 1
                batch = [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]
            try:
                results = self._run([item for item, _ in batch])
                for (_, future), result in zip(batch, results, strict=True):
                    future.set_result(result)
            except BaseException as error:  # noqa: BLE001 - every caller of the batch raises it
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            finally:
                with self._lock:
                    self._free += 1
