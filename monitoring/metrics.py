"""Every metric that processes count for themselves, defined once; `monitoring.asked` has the others.

Names from PROTOCOLS of older services are kept; our own start with `darkroom_`. Labels have few values: never a path
with parameters, a file name or an id.
"""

from functools import cache
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from monitoring import slots

slots.take()  # before the first metric is made, which opens its file
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_LONG: Final = (300, 600, 1800, 3600)

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
COMPAT_REQUESTS: Final = Counter(
    "darkroom_compat_requests",
    "Requests by protocol (mt_photos, immich, my_ocr, deepseek, native) and outcome: ok, refused for what was asked, "
    "busy as a queue is full or an allowance spent, failed for what is wrong here, left before an answer.",
    ["protocol", "outcome"],
)
ERRORS: Final = Counter(
    "darkroom_errors", "Errors that were answered, by their stable code; `other` for codes of no table.", ["code"]
)
STREAM_FOLLOWERS: Final = Gauge(
    "darkroom_stream_followers", "Streams of NDJSON that are open.", multiprocess_mode="livesum"
)

QUEUE_WAIT: Final = Histogram(
    "darkroom_queue_wait_seconds",
    "Time that work waited before a worker began; of a job, until its first photo or page was drawn.",
    ["queue"],
    buckets=(*_SECONDS, *_LONG),
)
RUN_SECONDS: Final = Histogram(
    "darkroom_run_seconds",
    "Time that an analysis of one photo, or the reading of one page, took.",
    ["task", "model", "device"],
    buckets=_SECONDS,
)
BATCH_SIZE: Final = Histogram(
    "darkroom_batch_size",
    "Pictures, faces or texts that a model ran together.",
    ["task"],
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
ITEMS: Final = Counter("darkroom_items", "Photos by analysis and outcome (done, cached, failed).", ["task", "outcome"])
JOBS: Final = Counter(
    "darkroom_jobs", "Jobs that ended, by kind and outcome (completed, failed, cancelled).", ["kind", "outcome"]
)
CACHE_LOOKUPS: Final = Counter(
    "darkroom_cache_lookups", "Findings that were looked for in the memory of results, hit or miss.", ["outcome"]
)

MODEL_LOAD: Final = Histogram(
    "darkroom_model_load_seconds",
    "Time that loading a model took.",
    ["task", "model", "device"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)
GPU_USED: Final = Gauge(
    "darkroom_gpu_memory_used_bytes",
    "GPU memory in use, by all programs.",
    ["device"],
    multiprocess_mode="livemostrecent",
)
GPU_TOTAL: Final = Gauge(
    "darkroom_gpu_memory_total_bytes", "GPU memory that there is.", ["device"], multiprocess_mode="livemostrecent"
)
GPU_HELD: Final = Gauge(
    "darkroom_gpu_memory_held_bytes",
    "GPU memory that our own models hold, where OpenVINO tells.",
    ["device"],
    multiprocess_mode="livesum",
)
GPU_BUSY: Final = Gauge(
    "darkroom_gpu_utilisation_ratio",
    "Share of the time in which a GPU computed, 0 to 1.",
    ["device"],
    multiprocess_mode="livemostrecent",
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
PROMPT_TOKENS: Final = Counter("prompt_tokens", "Tokens that document engines were given for documents that ended.")
COMPLETION_TOKENS: Final = Counter("completion_tokens", "Tokens that document engines wrote for them.")
TOKENS: Final = Counter("tokens", "Both together.")
DOCUMENT_TOKENS: Final = Counter(
    "darkroom_document_tokens", "Tokens that document engines wrote for pages that were read.", ["engine"]
)
DOCUMENT_FIRST_PIECE: Final = Histogram(
    "darkroom_document_first_piece_seconds",
    "Time from the beginning of a page's reading to its first piece of text.",
    ["engine"],
    buckets=_SECONDS,
)
DOCUMENT_RETRIES: Final = Counter(
    "darkroom_document_retries",
    "Pages of a server that were read again, by reason: it repeated itself, was broken or busy; `fallback` by the "
    "classic engine.",
    ["reason"],
)

CELERY_TASKS: Final = Counter(
    "celery_tasks", "Celery's tasks that ended in our workers, by name and state.", ["task", "state"]
)
CELERY_SECONDS: Final = Histogram(
    "celery_task_runtime_seconds", "Time that Celery's tasks ran.", ["task"], buckets=_SECONDS
)

for _metric in list(globals().values()):
    if isinstance(_metric, Counter | Gauge | Histogram):  # to look a child up takes them longer than to count
        _metric.__dict__["labels"] = cache(_metric.labels)
del _metric
