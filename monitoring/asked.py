"""Metrics that nobody counts: names, texts and labels of what broker, store and disks answer when a scrape comes."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


class Asked(NamedTuple):
    """One metric: a gauge, or a counter, which gets `_total` at the end of its name."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    counter: bool = False


class Sample(NamedTuple):
    """One answer; the values of labels in their order."""

    metric: Asked
    value: float
    labels: tuple[str, ...] = ()


def families(samples: Iterable[Sample]) -> Iterator[Metric]:
    """Samples in the form of prometheus-client, those of one metric together."""
    found: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
    for metric, value, labels in samples:
        if metric.name not in found:
            form = CounterMetricFamily if metric.counter else GaugeMetricFamily
            found[metric.name] = form(metric.name, metric.text, labels=metric.labels)
        found[metric.name].add_metric(labels, value)
    yield from found.values()


QUEUE_DEPTH: Final = Asked("darkroom_queue_depth", "Work that waits, in the broker and in the store.", ("queue",))
QUEUE_OLDEST: Final = Asked("darkroom_queue_oldest_seconds", "Age of the oldest work that waits.", ("queue",))
QUEUE_FINISHED: Final = Asked(
    "darkroom_queue_finished", "Work that is finished, of all time, as the broker counts it.", ("queue",), counter=True
)
QUEUE_LIMIT: Final = Asked(
    "darkroom_queue_limit", "Requests that may wait in a queue at once; one more is refused.", ("queue",)
)
QUEUE_WORKERS: Final = Asked("darkroom_queue_workers", "Workers alive that serve a queue.", ("queue",))
JOBS: Final = Asked("darkroom_jobs", "Jobs that have not ended.", ("kind", "state"))
JOB_LIMIT: Final = Asked("darkroom_job_limit", "Jobs that may be unfinished at once; one more is refused.")

WORKERS: Final = Asked("darkroom_workers", "Worker processes that are alive.", ("device",))
WORKER_UP: Final = Asked(
    "darkroom_worker_up",
    "1 for workers that give signs of life, 0 for an hour for those that went without goodbye.",
    ("worker",),
)
WORKER_SEEN: Final = Asked("darkroom_worker_seen_seconds", "Age of a worker's last sign of life.", ("worker",))
WORKER_MEMORY: Final = Asked("darkroom_worker_memory_bytes", "Memory that a worker's process has.", ("worker",))
MODEL_LOADED: Final = Asked(
    "darkroom_model_loaded", "Workers that have a model in memory.", ("task", "model", "device")
)

OCR_IN_PROGRESS: Final = Asked("ocr_in_progress", "Documents that are not finished, by kind.", ("kind",))
USERS: Final = Asked("users", "Users that there are.", counter=True)
DOCUMENT_ENGINE_UP: Final = Asked(
    "darkroom_document_engine_up", "1 where the engine that reads documents answers, else 0.", ("engine",)
)

BROKER_UP: Final = Asked("darkroom_broker_up", "1 where the broker answers, else 0.")
BROKER_MEMORY: Final = Asked("darkroom_broker_memory_bytes", "Memory that the broker uses.")
STORE_UP: Final = Asked("darkroom_store_up", "1 where the database answers, else 0.")
DISK_FREE: Final = Asked(
    "darkroom_disk_free_bytes", "Free space where data, uploads (spool) and models lie, on this host.", ("place",)
)
DISK_TOTAL: Final = Asked("darkroom_disk_total_bytes", "Size of the disk where they lie.", ("place",))
BUILD: Final = Asked("darkroom_build_info", "What runs here.", ("version", "python"))
