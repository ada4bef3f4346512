"""Items of a lease that are done and not yet written: of quick ones several go into one transaction.

One that took as long as they may wait is written at once. So what is done again after a worker's death was quick, and
so was all that is seen late because the next item takes long.
"""

import time
from typing import TYPE_CHECKING, Final

from tasks import document, events, history, origin
from tasks.analyses import DOCUMENT
from tasks.finishing import Outcome
from tasks.jobs import Lease

if TYPE_CHECKING:
    from tasks.worker import Worker

MOST: Final = 256
WAIT_S: Final = 0.25


class Finished:
    """The outcomes of one lease, which came from a queue."""

    def __init__(self, worker: "Worker", lease: Lease, queue: str) -> None:
        self._worker = worker
        self._lease = lease
        self._queue = queue
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
        if not outcomes:
            return
        with origin.at("store", self._lease) as span:
            span.note({"darkroom.items": len(outcomes)})
            fresh = self._worker.jobs.finish_all(self._lease.job_id, outcomes)
        if not fresh:
            return
        history.count(self._worker.redis, self._queue, len(fresh))
        events.wake(self._worker.redis, self._lease.job_id)
        if self._lease.tasks == (DOCUMENT,):
            document.settle(self._worker, self._lease.job_id)
