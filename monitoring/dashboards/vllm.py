"""The document engine from inside: vLLM's own metrics."""

from typing import Final

from monitoring.dashboards.board import Board
from monitoring.dashboards.panel import Panel, Query
from monitoring.dashboards.quantiles import quantiles

_LOAD: Final = (
    Panel(
        "Requests",
        "Pages that it works on, and pages that wait in it. More wait than run for long: it has too few slots.",
        "short",
        (
            Query('sum(vllm:num_requests_running{instance=~"$instance"})', "running"),
            Query('sum(vllm:num_requests_waiting{instance=~"$instance"})', "waiting"),
        ),
    ),
    Panel(
        "Cache of keys and values",
        "Share in use. Near 1 it puts requests back and begins them again.",
        "percentunit",
        (Query('max by (instance) (vllm:kv_cache_usage_perc{instance=~"$instance"})', "{{instance}}"),),
        steps=((0.9, "yellow"), (0.97, "red")),
        most=1,
    ),
)

_TOKENS: Final = (
    Panel(
        "Tokens a second",
        "Read (pictures are most of it) and written.",
        "ops",
        (
            Query('sum(rate(vllm:prompt_tokens_total{instance=~"$instance"}[$__rate_interval]))', "prompt"),
            Query('sum(rate(vllm:generation_tokens_total{instance=~"$instance"}[$__rate_interval]))', "generation"),
        ),
    ),
    Panel(
        "Time to the first token",
        "From a request's arrival.",
        "s",
        quantiles("vllm:time_to_first_token_seconds"),
    ),
)

_TIMES: Final = (
    Panel(
        "Time between tokens", "What a reader of a stream feels.", "s", quantiles("vllm:inter_token_latency_seconds")
    ),
    Panel("Time of a request", "From arrival to the last token.", "s", quantiles("vllm:e2e_request_latency_seconds")),
)

_ENDS: Final = (
    Panel(
        "Requests that ended, a second",
        "By reason. length: it was cut off, which a page in a loop is.",
        "reqps",
        (
            Query(
                'sum by (finished_reason) (rate(vllm:request_success_total{instance=~"$instance"}[$__rate_interval]))',
                "{{finished_reason}}",
            ),
        ),
        width=8,
    ),
    Panel(
        "Time in its queue",
        "Before a request is worked on.",
        "s",
        quantiles("vllm:request_queue_time_seconds"),
        width=8,
    ),
    Panel(
        "Put back, a minute",
        "Requests that lost their place as the cache was full.",
        "short",
        (Query('60 * sum(rate(vllm:num_preemptions_total{instance=~"$instance"}[$__rate_interval]))', "preemptions"),),
        width=8,
        steps=((1, "yellow"),),
    ),
)

BOARD: Final = Board(
    "darkroom-vllm",
    "Darkroom: vLLM",
    "The document engine from inside.",
    (_LOAD, _TOKENS, _TIMES, _ENDS),
    instances='job="vllm"',
)
