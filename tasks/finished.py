"""Items of a lease that are done and not yet written: several go into one transaction, and none waits long for it."""

import time
from typing import TYPE_CHECKING, Final

from tasks import document, events
from tasks.analyses import DOCUMENT
from tasks.finishing import Outcome
from tasks.jobs import Lease

if TYPE_CHECKING:
    from tasks.worker import Worker

MOST: Final = 16
WAIT_S: Final = 0.25
"""Longest time for which an item that is done is held back, and done again if its worker dies."""


class Finished:
    """The outcomes of one lease."""

    def __init__(self, worker: "Worker", lease: Lease) -> None:
        self._worker = worker
        self._lease = lease
        self._outcomes: list[tuple[int, Outcome]] = []
        self._written_at = time.monotonic()

    def add(self, item_id: int, outcome: Outcome) -> None:
        """Take an outcome, and write all if it is time."""
        self._outcomes.append((item_id, outcome))
        if len(self._outcomes) >= MOST or time.monotonic() - self._written_at >= WAIT_S:
            self.write()

    def write(self) -> None:
        """Write what is there, and tell who follows the job."""
        outcomes, self._outcomes = self._outcomes, []
        self._written_at = time.monotonic()
        if not outcomes or not self._worker.jobs.finish_all(self._lease.job_id, outcomes):
            return
        events.wake(self._worker.redis, self._lease.job_id)
        if self._lease.tasks == (DOCUMENT,):
            document.settle(self._worker, self._lease.job_id)
