"""Which threads of a worker may work on jobs, so that a person who waits finds one free.

In a process that serves nothing but jobs all of them may. In one that also answers requests one thread is kept from
photos of rescans and one from pages of documents, and the others go back to their queues soon when a request waits.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import redis

from tasks import queues
from tasks.broker import queue_key

if TYPE_CHECKING:
    from tasks.queues import Priority

URGENT: Final = (queues.TEXT_QUEUE, queues.PHOTO_QUEUE, queues.JOB_QUEUES["interactive"])


class Turns:
    """The threads of one worker process.

    Attributes:
        shared: requests, and jobs that are less urgent, are served by the same process.
    """

    def __init__(
        self,
        served: tuple[str, ...],
        threads: int,
        client: "redis.Redis",
        pages: Callable[[], int] | None = None,
    ) -> None:
        """Take what the process serves, its threads, the broker, and what says how many pages may be in flight now."""
        patient: tuple[Priority, ...] = ("document", "bulk")
        self.shared = queues.PHOTO_QUEUE in served and any(queues.JOB_QUEUES[each] in served for each in patient)
        most = max(1, threads - 1) if self.shared else threads
        self._slots = {each: threading.BoundedSemaphore(most) for each in patient}
        self._client = client
        self._pages = pages
        self._reading = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def one(self, priority: "Priority") -> Iterator[bool]:
        """A turn, while one of the slots is held; False where none is free, as others are at work already."""
        if priority == "interactive":
            yield True
        elif priority == "document" and not self._begin():
            yield False
        elif self._slots[priority].acquire(blocking=False):
            try:
                yield True
            finally:
                self._slots[priority].release()
                self._end(priority)
        else:
            self._end(priority)
            yield False

    def excess(self, priority: "Priority") -> bool:
        """Whether one of the threads that read pages is to stop, as memory has become short."""
        with self._lock:
            return priority == "document" and self._pages is not None and self._reading > self._pages()

    def _begin(self) -> bool:
        with self._lock:
            if self._pages is not None and self._reading >= self._pages():
                return False
            self._reading += 1
            return True

    def _end(self, priority: "Priority") -> None:
        if priority == "document":
            with self._lock:
                self._reading -= 1

    def wanted(self, priority: "Priority") -> bool:
        """Whether requests wait for the threads of this process."""
        if not self.shared or priority == "interactive":
            return False
        with contextlib.suppress(redis.RedisError):
            return bool(self._client.exists(*map(queue_key, URGENT)))
        return False
