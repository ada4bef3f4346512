"""Which threads of a worker may work on jobs, so that a person who waits finds one free.

In a process that serves nothing but jobs all of them may. In one that also answers requests one thread is kept from
photos of rescans and one from pages of documents, and the others go back to their queues soon when a request waits.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import redis

from tasks import queues
from tasks.broker import queue_key

if TYPE_CHECKING:
    from tasks.queues import Priority

URGENT: Final = (queues.TEXT_QUEUE, queues.PHOTO_QUEUE, queues.JOB_QUEUES["interactive"])
PATIENT: Final[tuple["Priority", ...]] = ("document", "bulk")
"""Whose threads leave room for requests."""


class Turns:
    """The threads of one worker process.

    Attributes:
        shared: requests, and jobs that are less urgent, are served by the same process.
        quick: held while photos are looked at that take next to no time: threads that pass the interpreter's lock to
            and fro would spend a fifth of the processor on that.
    """

    def __init__(
        self,
        served: tuple[str, ...],
        threads: int,
        client: "redis.Redis",
        pages: Callable[[], int] | None = None,
    ) -> None:
        """Take what the process serves, its threads, the broker, and what says how many pages may be in flight now."""
        self.shared = queues.PHOTO_QUEUE in served and any(queues.JOB_QUEUES[each] in served for each in PATIENT)
        self._most = max(1, threads - 1) if self.shared else threads
        self._pages = pages
        self._client = client
        self._at_work: Counter[Priority] = Counter()
        self._lock = threading.Lock()
        self.quick = threading.Lock()

    @contextlib.contextmanager
    def one(self, priority: "Priority") -> Iterator[bool]:
        """A turn, while the block runs; False where there is no room, as others are at work already."""
        with self._lock:
            mine = priority not in PATIENT or self._at_work[priority] < self._room(priority)
            self._at_work[priority] += mine
        try:
            yield mine
        finally:
            with self._lock:
                self._at_work[priority] -= mine

    def excess(self, priority: "Priority") -> bool:
        """Whether one of the threads that read pages is to stop, as memory has become short."""
        with self._lock:
            return priority in PATIENT and self._at_work[priority] > self._room(priority)

    def _room(self, priority: "Priority") -> int:
        return min(self._most, self._pages()) if priority == "document" and self._pages else self._most

    def wanted(self, priority: "Priority") -> bool:
        """Whether requests wait for the threads of this process."""
        if not self.shared or priority == "interactive":
            return False
        with contextlib.suppress(redis.RedisError):
            return bool(self._client.exists(*map(queue_key, URGENT)))
        return False
