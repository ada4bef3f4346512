"""Concurrent calls meet in one batch, and a lonely call waits for nobody.

A call that finds the network idle runs at once. Calls that come while it runs gather, and the next one to run takes
them all along: batches grow with the load by themselves, without a timer. Every caller runs batches only until its own
items are done, so nobody is kept busy for the others.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

from monitoring import metrics, tracing

CPU_BATCH: Final = 8
"""Pictures or texts of one network call: more gain a processor nothing, and make who came first wait."""
GPU_BATCH: Final = 32
T = TypeVar("T")
R = TypeVar("R")


class Batcher(Generic[T, R]):
    """Runs a function of many items for callers that have few.

    Args:
        run: takes 1 to `limit` items, returns as many results in the same order; called by at most `side_by_side`
            threads at once.
        limit: most items of a batch.
        task: what its batches are counted as.
        side_by_side: batches that may run at once.
    """

    def __init__(self, run: Callable[[list[T]], Sequence[R]], limit: int, task: str, side_by_side: int = 1) -> None:
        self._run = run
        self._limit = limit
        self._sizes = metrics.BATCH_SIZE.labels(task)
        self._free = side_by_side
        self._changed = threading.Condition()
        self._waiting: deque[tuple[T, Future[R]]] = deque()

    def map(self, items: Sequence[T]) -> list[R]:
        """The results of some items, in their order; an error of a batch is raised in every caller of that batch."""
        futures: list[Future[R]] = [Future() for _ in items]
        with self._changed:
            self._waiting.extend(zip(items, futures, strict=True))
        while batch := self._next_batch(futures):
            self._work(batch)
        return [future.result() for future in futures]

    def _next_batch(self, futures: Sequence[Future[R]]) -> list[tuple[T, Future[R]]]:
        """The oldest waiting items, once there is a place to run them; none when these futures are done."""

        def done() -> bool:
            return all(future.done() for future in futures)

        with self._changed:
            self._changed.wait_for(lambda: done() or (self._free and self._waiting))
            if done():
                return []
            self._free -= 1
            return [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]

    def _work(self, batch: list[tuple[T, Future[R]]]) -> None:
        self._sizes.observe(len(batch))
        try:
            with tracing.span("batch", {"darkroom.items": len(batch)}):
                results = self._run([item for item, _ in batch])
            answers = list(zip(batch, results, strict=True))
        except BaseException as error:  # noqa: BLE001 - every caller of the batch raises it
            for _, future in batch:
                future.set_exception(error)
        else:
            for (_, future), result in answers:
                future.set_result(result)
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
