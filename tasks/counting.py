"""What a worker counts of Celery's tasks, and where it is asked for its numbers when it runs by itself."""

import time
from collections.abc import Iterator
from typing import Any

from celery import Task
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import Metric

from monitoring import asked, metrics
from tasks import gauges
from tasks.errors import PortTaken
from tasks.settings import TaskSettings


class Counted(Task):  # type: ignore[misc]
    """A task that is counted and timed by Celery's own hooks; its signals take four times as long."""

    def before_start(self, *_: Any) -> None:
        """When it begins."""
        self.request.began = time.perf_counter()

    def after_return(self, status: str, *_: Any) -> None:
        """When it has ended, however it did."""
        count(self.name, status.lower(), time.perf_counter() - self.request.began)


def count(task: str, status: str, seconds: float) -> None:
    """A task has ended, as `success` or otherwise."""
    metrics.CELERY_TASKS.labels(task, status).inc()
    metrics.CELERY_SECONDS.labels(task).observe(seconds)


def serve(settings: TaskSettings) -> None:
    """Answer Prometheus on METRICS_PORT, where it is set, from a thread that ends with this process.

    Raises:
        PortTaken: somebody else has the port, or the address is not of this host.
    """
    if not settings.metrics_port:
        return
    REGISTRY.register(_Disks(settings))
    try:
        start_http_server(settings.metrics_port, settings.metrics_host)
    except OSError as error:
        message = f"METRICS_PORT={settings.metrics_port} on {settings.metrics_host}: {error.strerror}."
        raise PortTaken(message, "Give every worker of this host a METRICS_PORT of its own.") from error


class _Disks:
    """The disks of a worker's host, which the API may not see."""

    def __init__(self, settings: TaskSettings) -> None:
        self._places = gauges.places(settings)

    def collect(self) -> Iterator[Metric]:
        return asked.families(gauges.of_disks(self._places))
