"""Where work waits and for how long, how long it takes, and how much gets done."""

from typing import Final

from monitoring.dashboards.board import Board
from monitoring.dashboards.panel import Panel, Query
from monitoring.dashboards.quantiles import mean, recorded

_WAITING: Final = (
    Panel(
        "Waiting",
        "Work that waits, in the broker and in the store.",
        "short",
        (Query('max by (queue) (darkroom_queue_depth{instance=~"$instance"})', "{{queue}}"),),
        stacked=True,
    ),
    Panel(
        "Age of the oldest",
        "Of job queues: how long ago the oldest job began that still has work waiting.",
        "s",
        (Query('max by (queue) (darkroom_queue_oldest_seconds{instance=~"$instance"})', "{{queue}}"),),
    ),
)

_TIMES: Final = recorded(
    "Time in the queue",
    "requests and jobs began sooner; of a job the first photo or page counts.",
    "queue:darkroom_queue_wait_seconds",
    "{{queue}}",
)
_RUNS: Final = recorded(
    "Time at work",
    "photos were done sooner, by analysis.",
    "task:darkroom_run_seconds",
    "{{task}}",
)

_DONE: Final = (
    Panel(
        "Finished a second",
        "Requests, photos and pages, as the broker counts them.",
        "ops",
        (
            Query(
                'max by (queue) (rate(darkroom_queue_finished_total{instance=~"$instance"}[$__rate_interval]))',
                "{{queue}}",
            ),
        ),
        stacked=True,
    ),
    Panel(
        "Photos a second, by analysis and outcome",
        "cached: answered from memory.",
        "ops",
        (
            Query(
                'sum by (task, outcome) (rate(darkroom_items_total{instance=~"$instance"}[$__rate_interval]))',
                "{{task}} {{outcome}}",
            ),
        ),
        stacked=True,
    ),
)

_JOBS: Final = (
    Panel(
        "Unfinished jobs",
        "By kind and state.",
        "short",
        (Query('max by (kind, state) (darkroom_jobs{instance=~"$instance"})', "{{kind}} {{state}}"),),
        width=8,
        stacked=True,
    ),
    Panel(
        "Jobs that ended, an hour",
        "By kind and outcome.",
        "short",
        (
            Query(
                'sum by (kind, outcome) (increase(darkroom_jobs_total{instance=~"$instance"}[1h]))',
                "{{kind}} {{outcome}}",
            ),
        ),
        width=8,
    ),
    Panel(
        "Queues, share of their bound",
        "At 1 a further request is refused with 429.",
        "percentunit",
        (
            Query(
                'max by (queue) (darkroom_queue_depth{instance=~"$instance"}) '
                '/ on (queue) min by (queue) (darkroom_queue_limit{instance=~"$instance"})',
                "{{queue}}",
            ),
        ),
        kind="bargauge",
        width=8,
        steps=((0.5, "yellow"), (0.8, "red")),
        most=1,
    ),
)

_THRIFT: Final = (
    Panel(
        "Answered from memory",
        "Share of the findings that were looked for and found.",
        "percentunit",
        (
            Query(
                'sum(rate(darkroom_cache_lookups_total{instance=~"$instance", outcome="hit"}[$__rate_interval])) '
                '/ sum(rate(darkroom_cache_lookups_total{instance=~"$instance"}[$__rate_interval]))',
                "hits",
            ),
        ),
        most=1,
    ),
    Panel(
        "Batches",
        "How many pictures, faces or texts a model runs together, on average.",
        "short",
        (mean("darkroom_batch_size", "task"),),
    ),
)

BOARD: Final = Board(
    "darkroom-queues",
    "Darkroom: Queues and latency",
    "Where work waits and for how long, how long it takes, and how much gets done.",
    (_WAITING, _TIMES, _RUNS, _DONE, _JOBS, _THRIFT),
)
