"""Who works on which device, with which models in memory, and how full devices and disks are."""

from typing import Final

from monitoring.dashboards.board import Board
from monitoring.dashboards.panel import Panel, Query
from monitoring.dashboards.quantiles import quantile

_WORKERS: Final = (
    Panel(
        "Workers",
        "Signs of life; those that went without goodbye stay for an hour.",
        "short",
        (Query('min by (worker) (darkroom_worker_up{instance=~"$instance"})', "{{worker}}"),),
        kind="stat",
        width=12,
        height=7,
        base="red",
        steps=((1, "green"),),
        words=((0, "gone"), (1, "alive")),
    ),
    Panel(
        "Last sign of life",
        "Its age, by worker.",
        "s",
        (Query('min by (worker) (darkroom_worker_seen_seconds{instance=~"$instance"})', "{{worker}}"),),
        height=7,
        steps=((20, "red"),),
    ),
)

_SERVED: Final = (
    Panel(
        "Workers, by device",
        "Processes that are alive.",
        "short",
        (Query('max by (device) (darkroom_workers{instance=~"$instance"})', "{{device}}"),),
        width=8,
    ),
    Panel(
        "Workers, by queue",
        "How many take work from each; at 0 its work waits.",
        "short",
        (Query('max by (queue) (darkroom_queue_workers{instance=~"$instance"})', "{{queue}}"),),
        kind="bargauge",
        width=8,
        base="red",
        steps=((1, "green"),),
    ),
    Panel(
        "Memory of workers",
        "By process.",
        "bytes",
        (Query('max by (worker) (darkroom_worker_memory_bytes{instance=~"$instance"})', "{{worker}}"),),
        width=8,
    ),
)

_MODELS: Final = (
    Panel(
        "Models in memory",
        "How many workers hold each.",
        "short",
        (Query('max by (task, model, device) (darkroom_model_loaded{instance=~"$instance"})'),),
        kind="table",
        width=12,
    ),
    Panel(
        "Model loads, an hour",
        "Many loads of one model: MODEL_TTL is too short for how it is used.",
        "short",
        (
            Query(
                'sum by (model, device) (increase(darkroom_model_load_seconds_count{instance=~"$instance"}[1h]))',
                "{{model}} on {{device}}",
            ),
        ),
    ),
)

_DEVICES: Final = (
    Panel(
        "GPU, busy",
        "Share of the time in which it computed.",
        "percentunit",
        (Query('max by (instance, device) (darkroom_gpu_utilisation_ratio{instance=~"$instance"})', "{{device}}"),),
        most=1,
    ),
    Panel(
        "GPU, memory in use",
        "By all programs, of what there is. vLLM takes its share at the start.",
        "percentunit",
        (
            Query(
                'max by (instance, device) (darkroom_gpu_memory_used_bytes{instance=~"$instance"}) '
                '/ max by (instance, device) (darkroom_gpu_memory_total_bytes{instance=~"$instance"})',
                "{{device}}",
            ),
        ),
        steps=((0.95, "red"),),
        most=1,
    ),
)

_CELERY: Final = (
    Panel(
        "Celery's tasks a second",
        "By name and state.",
        "ops",
        (
            Query(
                'sum by (task, state) (rate(celery_tasks_total{instance=~"$instance"}[$__rate_interval]))',
                "{{task}} {{state}}",
            ),
        ),
    ),
    Panel(
        "Celery's tasks, run time p95",
        "By name. darkroom.draw runs for as long as there are photos to draw.",
        "s",
        (quantile(0.95, "celery_task_runtime_seconds", "task"),),
    ),
)

_BELOW: Final = (
    Panel(
        "Broker's memory",
        "It grows with requests and uploads in it, not with libraries.",
        "bytes",
        (Query('max(darkroom_broker_memory_bytes{instance=~"$instance"})', "broker"),),
        width=8,
    ),
    Panel(
        "Free on disks",
        "Where data, uploads (spool) and models lie.",
        "bytes",
        (Query('darkroom_disk_free_bytes{instance=~"$instance"}', "{{place}} on {{instance}}"),),
        width=8,
    ),
    Panel(
        "Versions",
        "What runs where.",
        "short",
        (Query('darkroom_build_info{instance=~"$instance"}'),),
        kind="table",
        width=8,
    ),
)

BOARD: Final = Board(
    "darkroom-workers",
    "Darkroom: Workers and devices",
    "Who works on which device, with which models in memory, and how full devices and disks are.",
    (_WORKERS, _SERVED, _MODELS, _DEVICES, _CELERY, _BELOW),
)
