"""One scrape: what processes counted, and what broker, store and disks answer in time."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import redis
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from sqlalchemy.exc import SQLAlchemyError

from monitoring import asked, exposition
from monitoring.asked import Asked, Sample
from tasks import gauges
from tasks.broker import connect_impatiently
from tasks.dispatch import Dispatch

PATIENCE_S: Final = 1.5
log = logging.getLogger(__name__)


class Source:
    """Something that is asked, in a thread of its own, since an outage may keep it for long."""

    def __init__(self, name: str, ask: Callable[[], Iterable[Sample]], up: Asked | None = None) -> None:
        """Take what to ask, and what says 0 when there is no answer."""
        self._ask = ask
        self._up = up
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"scrape-{name}")
        self._asking: Future[list[Sample]] | None = None

    async def samples(self) -> list[Sample]:
        """What it answers; one that has still to answer an earlier scrape is not asked again."""
        if self._asking is None or self._asking.done():
            self._asking = self._thread.submit(lambda: list(self._ask()))
        answer = asyncio.wrap_future(self._asking)
        try:
            return await asyncio.wait_for(asyncio.shield(answer), PATIENCE_S)
        except (TimeoutError, redis.RedisError, SQLAlchemyError, OSError):
            return [Sample(self._up, 0)] if self._up else []

    def close(self) -> None:
        """Ask no more; who waits for an answer is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)


class Scrape:
    """All series of this service, for Prometheus."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._redis = connect_impatiently(dispatch.settings.redis)
        places = gauges.places(dispatch.settings)
        self._sources = (
            Source("broker", lambda: gauges.of_broker(self._redis), asked.BROKER_UP),
            Source("store", lambda: gauges.of_store(dispatch.store, dispatch.jobs), asked.STORE_UP),
            Source("disks", lambda: gauges.of_disks(places)),
        )
        self._fixed = tuple(gauges.of_settings(dispatch.settings))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scrape")

    async def text(self) -> bytes:
        """In Prometheus' text format; what does not answer in time is left out."""
        counted = asyncio.wrap_future(self._thread.submit(exposition.text))
        answers = await asyncio.gather(*(source.samples() for source in self._sources))
        registry = CollectorRegistry()
        registry.register(_Answers([*self._fixed, *(sample for answer in answers for sample in answer)]))
        return await counted + generate_latest(registry)

    def close(self) -> None:
        """Give the connections back."""
        for source in self._sources:
            source.close()
        self._thread.shutdown(wait=False)
        self._redis.close()


class _Answers:
    """Samples as prometheus-client collects them."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        return asked.families(self._samples)
