"""Prometheus: what processes counted, and what is asked at the time of the scrape."""

import asyncio
import os
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
            for queue, standing in self.dispatch.standing().items():
                depth.add_metric([queue], standing.depth)
                if standing.waiting_s is not None:
                    oldest.add_metric([queue], standing.waiting_s)
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
