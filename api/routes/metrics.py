"""Prometheus: what processes counted, and what is asked at the time of the scrape."""

import asyncio
import os
import time
from collections.abc import Iterator

import redis
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy.exc import SQLAlchemyError

from api.state import dispatch_of
from monitoring import metrics
from tasks import views
from tasks.accounts import Accounts
from tasks.dispatch import Dispatch
from tasks.queues import JOB_QUEUES

router = APIRouter(tags=["health"])


class Asked:
    """What broker and store know, asked when the scrape comes."""

    def __init__(self, dispatch: Dispatch) -> None:
        self.dispatch = dispatch

    def collect(self) -> Iterator[Metric]:
        """Series for what answers; a broker or store that is down leaves its series out."""
        yield from self._queues()
        yield from self._documents()

    def _documents(self) -> Iterator[Metric]:
        progress = GaugeMetricFamily(*metrics.OCR_IN_PROGRESS, labels=["kind"])
        try:
            unfinished = views.unfinished_documents(self.dispatch.store)
            accounts = Accounts(self.dispatch.store)
            users, totals = accounts.count(), accounts.totals(None)
        except SQLAlchemyError:
            return
        for kind in ("image", "pdf"):
            progress.add_metric([kind], unfinished.count(kind))
        yield progress
        yield CounterMetricFamily(*metrics.USERS, value=users)
        for name, series in metrics.TOKENS.items():
            yield CounterMetricFamily(*series, value=totals[name])

    def _queues(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily(*metrics.QUEUE_DEPTH, labels=["queue"])
        oldest = GaugeMetricFamily(*metrics.QUEUE_OLDEST, labels=["queue"])
        workers = GaugeMetricFamily(*metrics.WORKERS, labels=["device"])
        try:
            waiting = self.dispatch.jobs.waiting()
            inside = {queue: waiting.get(priority, (0, time.time())) for priority, queue in JOB_QUEUES.items()}
            for queue, messages in self.dispatch.depths().items():
                # Words that there is work are no work: of job queues the photos in the store count.
                count, since = inside.get(queue, (messages, time.time()))
                depth.add_metric([queue], count)
                if queue in inside:
                    oldest.add_metric([queue], max(0.0, time.time() - since) if count else 0.0)
            devices = [record.device for record in self.dispatch.workers()]
            for device in sorted(set(devices)):
                workers.add_metric([device], devices.count(device))
        except (redis.RedisError, SQLAlchemyError):
            return
        yield from (depth, oldest, workers)


def render(dispatch: Dispatch) -> bytes:
    """All series of this service."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
        shared = generate_latest(registry)
    else:
        shared = generate_latest(REGISTRY)
    asked = CollectorRegistry()
    asked.register(Asked(dispatch))
    return shared + generate_latest(asked)


@router.get("/metrics", summary="Prometheus")
@router.get("/api/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """The text format of Prometheus."""
    return Response(await asyncio.to_thread(render, dispatch_of(request)), media_type=CONTENT_TYPE_LATEST)
