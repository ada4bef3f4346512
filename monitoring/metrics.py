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
GPU_USED: Final = Gauge(
    "darkroom_gpu_memory_used_bytes", "GPU memory in use, by all programs.", ["device"], multiprocess_mode="mostrecent"
)
GPU_TOTAL: Final = Gauge(
    "darkroom_gpu_memory_total_bytes", "GPU memory that there is.", ["device"], multiprocess_mode="mostrecent"
)

OCR_REQUESTS: Final = Counter("ocr_requests", "Documents that were accepted, by kind (pdf, image).", ["kind"])
IMAGE_REQUESTS: Final = Counter("image_requests", "Pictures that were accepted as documents.")
PDF_REQUESTS: Final = Counter("pdf_requests", "PDFs that were accepted.")
OCR_BYTES: Final = Counter("ocr_input_bytes", "Bytes of documents that were accepted.", ["kind"])
OCR_SECONDS: Final = Histogram(
    "ocr_processing_seconds",
    "Time from a document's arrival to its end.",
    ["kind"],
    buckets=(*_SECONDS, 300, 600, 1800, 3600),
)

OCR_IN_PROGRESS: Final = ("ocr_in_progress", "Documents that are not finished, by kind.")
USERS: Final = ("users", "Users that there are.")
TOKENS: Final = {
    "prompt_tokens": ("prompt_tokens", "Tokens that document engines were given, of all time."),
    "completion_tokens": ("completion_tokens", "Tokens that document engines wrote, of all time."),
    "tokens": ("tokens", "Both together."),
}
QUEUE_DEPTH: Final = ("darkroom_queue_depth", "Work that waits, in the broker and in the store.")
QUEUE_OLDEST: Final = ("darkroom_queue_oldest_seconds", "Age of the oldest work that waits.")
WORKERS: Final = ("darkroom_workers", "Worker processes that are alive.")
"""Names and texts of what is asked at the time of the scrape, by `api.routes.metrics`."""
