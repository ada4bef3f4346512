"""The addresses of a document engine: the least loaded one serves next, a dead one is left alone for a while.

An endpoint that fails is set aside, and again for longer each time that it fails when it is tried once more; one that
is overloaded rests for a moment. Nothing asks an endpoint whether it lives but the pages that need it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from engines.document.errors import EngineDown, PageCancelled

# Seconds that an endpoint is set aside after its first, second, ... failure, and after refusals for overload in a row.
DEAD_S: Final = (1.0, 2.0, 4.0, 8.0)
BUSY_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
LOOK_S: Final = 0.1
log = logging.getLogger(__name__)

Clock = Callable[[], float]


class EndpointTrouble(Exception):
    """An endpoint could not serve; the page may go to another one."""


class EndpointBroken(EndpointTrouble):
    """It does not answer, stopped in the middle, or fell silent.

    Attributes:
        begun: it had already begun to answer.
    """

    def __init__(self, message: str, begun: bool = False) -> None:
        super().__init__(message)
        self.begun = begun


class EndpointBusy(EndpointTrouble):
    """It is overloaded."""


@dataclass(slots=True, eq=False)
class Endpoint:
    """One address.

    Attributes:
        url: with its `/v1`.
        in_flight: pages that it serves now.
        failures: in a row; 0 while it works.
        refusals: for overload, in a row.
        rests_until: on the clock, when it may be tried again.
        down_since: on the clock, its first failure of those in a row.
        heard: `time.monotonic()` at the last piece of any page.
        used: grows with every page, so that equals take turns.
    """

    url: str
    in_flight: int = 0
    failures: int = 0
    refusals: int = 0
    rests_until: float = 0.0
    down_since: float = 0.0
    heard: float = 0.0
    used: int = 0


class Endpoints:
    """All addresses of one engine; thread safe."""

    def __init__(
        self,
        urls: Sequence[str],
        concurrency: int,
        wait_s: float,
        clock: Clock = time.monotonic,
        look_s: float = LOOK_S,
    ) -> None:
        """Take the addresses.

        Args:
            urls: at least one.
            concurrency: pages that one endpoint serves at once; one that failed is tried with a single page.
            wait_s: seconds that pages wait when no endpoint answers.
            clock: seconds.
            look_s: seconds between two looks at the clock while a page waits.
        """
        self.all = tuple(Endpoint(url) for url in urls)
        self._concurrency = concurrency
        self._wait_s = wait_s
        self._clock = clock
        self._look_s = look_s
        self._changed = threading.Condition()
        self._uses = 0

    @contextmanager
    def lease(self, cancelled: Callable[[], bool], deadline: float) -> Iterator[Endpoint]:
        """The endpoint that is to serve a page, once there is one; trouble raised inside is noted.

        Args:
            cancelled: asked while the page waits.
            deadline: on the clock, when waiting ends.

        Raises:
            PageCancelled: `cancelled` came true.
            EngineDown: no endpoint answers, or all are overloaded until the deadline.
        """
        endpoint = self._wait(cancelled, deadline)
        try:
            yield endpoint
        except EndpointBroken as error:
            self._fail(endpoint, error)
            raise
        except EndpointBusy:
            self._refuse(endpoint)
            raise
        finally:
            with self._changed:
                endpoint.in_flight -= 1
                self._changed.notify_all()

    def answers(self, endpoint: Endpoint) -> None:
        """It works: to be said when it begins to answer for a page, and not for pages that it has long begun."""
        if endpoint.failures or endpoint.refusals:
            with self._changed:
                if endpoint.failures:
                    log.info("the document engine at %s answers again", endpoint.url)
                endpoint.failures = endpoint.refusals = 0
                endpoint.rests_until = 0.0
                self._changed.notify_all()

    def _wait(self, cancelled: Callable[[], bool], deadline: float) -> Endpoint:
        while True:
            with self._changed:
                endpoint = self._take()
                if endpoint is None:
                    self._check(deadline)
                    self._changed.wait(self._look_s)
                    endpoint = self._take()
            if endpoint is not None:
                return endpoint
            if cancelled():
                raise PageCancelled("the page was cancelled")

    def _take(self) -> Endpoint | None:
        now = self._clock()
        free = [
            each
            for each in self.all
            if now >= each.rests_until and each.in_flight < (1 if each.failures else self._concurrency)
        ]
        if not free:
            return None
        # One that works goes before one that is only tried again.
        chosen = min(free, key=lambda each: (each.failures > 0, each.in_flight, each.used))
        self._uses += 1
        chosen.in_flight += 1
        chosen.used = self._uses
        return chosen

    def _check(self, deadline: float) -> None:
        """Give up where waiting is no use."""
        now = self._clock()
        if all(each.failures for each in self.all) and now - max(each.down_since for each in self.all) >= self._wait_s:
            raise EngineDown("The document engine does not answer.", "Check that it runs, and LLM_BASE_URL.")
        if now >= deadline:
            raise EngineDown("The document engine is overloaded.", "Try again later, or lower LLM_CONCURRENCY.")

    def _fail(self, endpoint: Endpoint, error: EndpointBroken) -> None:
        with self._changed:
            now = self._clock()
            if endpoint.failures and now < endpoint.rests_until:
                return  # one of several pages that it failed at the same time
            if not endpoint.failures:
                endpoint.down_since = now
            pause = DEAD_S[min(endpoint.failures, len(DEAD_S) - 1)]
            endpoint.failures += 1
            endpoint.rests_until = now + pause
        log.warning("the document engine at %s: %s; tried again in %g s", endpoint.url, error, pause)

    def _refuse(self, endpoint: Endpoint) -> None:
        with self._changed:
            now = self._clock()
            if now >= endpoint.rests_until:
                pause = BUSY_S[min(endpoint.refusals, len(BUSY_S) - 1)]
                endpoint.refusals += 1
                endpoint.rests_until = now + pause
