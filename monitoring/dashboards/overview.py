"""Is all well? What waits, how long, how fast, what fails, who is there."""

from typing import Final

from monitoring.dashboards.board import Board
from monitoring.dashboards.panel import Panel, Query

_NOW: Final = (
    Panel(
        "API",
        "Whether every API that is scraped answers.",
        "short",
        (Query('min(up{job="darkroom", instance=~"$instance"})'),),
        kind="stat",
        width=4,
        height=4,
        base="red",
        steps=((1, "green"),),
        words=((0, "down"), (1, "up")),
    ),
    Panel(
        "Alerts",
        "Alerts that are firing; the table below names them.",
        "short",
        (Query('count(ALERTS{alertstate="firing"}) or vector(0)'),),
        kind="stat",
        width=4,
        height=4,
        steps=((1, "red"),),
    ),
    Panel(
        "Waiting",
        "Requests, photos and pages that wait, in all queues.",
        "short",
        (Query('sum(max by (queue) (darkroom_queue_depth{instance=~"$instance"}))'),),
        kind="stat",
        width=4,
        height=4,
    ),
    Panel(
        "Longest wait of a person",
        "Age of the oldest request that somebody waits for.",
        "s",
        (Query('max(darkroom_queue_oldest_seconds{instance=~"$instance", queue=~"interactive[.](text|photo)"})'),),
        kind="stat",
        width=4,
        height=4,
        steps=((5, "yellow"), (15, "red")),
    ),
    Panel(
        "Workers",
        "Worker processes that give signs of life.",
        "short",
        (Query('sum(max by (device) (darkroom_workers{instance=~"$instance"})) or vector(0)'),),
        kind="stat",
        width=4,
        height=4,
        base="red",
        steps=((1, "green"),),
    ),
    Panel(
        "Error budget burn, 1 h",
        "1 spends a month's failures (0.5% of requests) in a month, 14.4 in two days.",
        "short",
        (Query("service:error_budget_burn:1h or vector(0)"),),
        kind="stat",
        width=4,
        height=4,
        steps=((3, "yellow"), (14.4, "red")),
    ),
)

_WORK: Final = (
    Panel(
        "Waiting, by queue",
        "Work that waits, in the broker and in the store.",
        "short",
        (Query('max by (queue) (darkroom_queue_depth{instance=~"$instance"})', "{{queue}}"),),
        stacked=True,
    ),
    Panel(
        "Finished a second, by queue",
        "Requests, photos and pages, over 5 minutes.",
        "ops",
        (Query("queue:darkroom_queue_finished:rate5m", "{{queue}}"),),
        stacked=True,
    ),
)

_LATENCY: Final = (
    Panel(
        "Time in the queue, p95",
        "Of 100 requests and jobs 95 began sooner; over 5 minutes.",
        "s",
        (Query("queue:darkroom_queue_wait_seconds:p95", "{{queue}}"),),
    ),
    Panel(
        "Time at work, p95",
        "Of 100 photos 95 were done sooner, by analysis; over 5 minutes.",
        "s",
        (Query("task:darkroom_run_seconds:p95", "{{task}}"),),
    ),
)

_TROUBLE: Final = (
    Panel(
        "Failures",
        "Share of requests that failed over 5 minutes, and of photos by analysis over 15 minutes.",
        "percentunit",
        (
            Query("service:requests_failed:ratio5m", "requests"),
            Query("task:darkroom_items_failed:ratio15m", "photos: {{task}}"),
        ),
        steps=((0.005, "yellow"), (0.1, "red")),
    ),
    Panel(
        "Disks, used",
        "Share of the disks with data, uploads (spool) and models.",
        "percentunit",
        (
            Query(
                '1 - darkroom_disk_free_bytes{instance=~"$instance"} '
                '/ darkroom_disk_total_bytes{instance=~"$instance"}',
                "{{place}} on {{instance}}",
            ),
        ),
        kind="bargauge",
        steps=((0.8, "yellow"), (0.9, "red")),
        most=1,
    ),
)

_ALERTS: Final = (
    Panel(
        "Alerts that are firing",
        "What each means and what to do stands in docs/monitoring.md.",
        "short",
        (Query('ALERTS{alertstate="firing"}'),),
        kind="table",
        width=24,
        height=7,
    ),
)

BOARD: Final = Board(
    "darkroom-overview",
    "Darkroom: Overview",
    "Is all well: queues, latency, throughput, failures, workers.",
    (_NOW, _WORK, _LATENCY, _TROUBLE, _ALERTS),
)
