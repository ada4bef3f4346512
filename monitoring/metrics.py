"""Every metric, defined once.

Names from PROTOCOLS of older services are kept; our own start with `darkroom_`. Labels have few values: never a path
with parameters, a file name or an id.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

HTTP_REQUESTS: Final = Counter(
    "http_requests", "HTTP requests by method, route template and status.", ["method", "path", "status"]
)
HTTP_SECONDS: Final = Histogram(
    "http_request_duration_seconds",
    "Time from request to the last byte.",
    ["method", "path"],
    buckets=_SECONDS,
)
HTTP_IN_FLIGHT: Final = Gauge(
    "http_in_flight_requests", "HTTP requests that are being answered.", multiprocess_mode="livesum"
)
QUEUE_WAIT: Final = Histogram(
    "darkroom_queue_wait_seconds", "Time that work waited before a worker began.", ["queue"], buckets=_SECONDS
)
RUN_SECONDS: Final = Histogram(
    "darkroom_run_seconds",
    "Time that an analysis of one photo took.",
    ["task", "model", "device"],
    buckets=_SECONDS,
)
ITEMS: Final = Counter("darkroom_items", "Photos by analysis and outcome (done, cached, failed).", ["task", "outcome"])

QUEUE_DEPTH: Final = ("darkroom_queue_depth", "Work that waits, in the broker and in the store.")
QUEUE_OLDEST: Final = ("darkroom_queue_oldest_seconds", "Age of the oldest work that waits.")
WORKERS: Final = ("darkroom_workers", "Worker processes that are alive.")
"""Names and texts of what is asked at the time of the scrape, by `api.routes.metrics`."""
