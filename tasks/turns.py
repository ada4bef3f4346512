"""Which threads of a worker may work on jobs, so that a person who waits finds one free.

In a process that serves nothing but jobs all of them may. In one that also answers requests one thread is kept from
photos of rescans and one from pages of documents, and the others go back to their queues soon when a request waits.
"""

import contextlib
import threading
from collections.abc import Iterator
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

    def __init__(self, served: tuple[str, ...], threads: int, client: "redis.Redis") -> None:
        patient: tuple[Priority, ...] = ("document", "bulk")
        self.shared = queues.PHOTO_QUEUE in served and any(queues.JOB_QUEUES[each] in served for each in patient)
        most = max(1, threads - 1) if self.shared else threads
        self._slots = {each: threading.BoundedSemaphore(most) for each in patient}
        self._client = client

    @contextlib.contextmanager
    def one(self, priority: "Priority") -> Iterator[bool]:
        """A turn, while one of the slots is held; False where none is free, as others are at work already."""
        if priority == "interactive":
            yield True
        elif self._slots[priority].acquire(blocking=False):
            try:
                yield True
            finally:
                self._slots[priority].release()
        else:
            yield False

    def wanted(self, priority: "Priority") -> bool:
        """Whether requests wait for the threads of this process."""
        if not self.shared or priority == "interactive":
            return False
        with contextlib.suppress(redis.RedisError):
            return bool(self._client.exists(*map(queue_key, URGENT)))
        return False
