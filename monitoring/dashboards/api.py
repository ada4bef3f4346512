"""HTTP: how many requests, how fast they are answered, and what goes wrong."""

from typing import Final

from monitoring.dashboards.board import Board
from monitoring.dashboards.panel import Panel, Query
from monitoring.dashboards.quantiles import quantiles, recorded

_TRAFFIC: Final = (
    Panel(
        "Requests a second, by status",
        "Every request of every protocol; 499: the client left before an answer.",
        "reqps",
        (
            Query(
                'sum by (status) (rate(http_requests_total{instance=~"$instance"}[$__rate_interval]))',
                "{{status}}",
            ),
        ),
        width=8,
        stacked=True,
    ),
    Panel(
        "Requests a second, by route",
        "The ten that are asked most.",
        "reqps",
        (
            Query(
                'topk(10, sum by (method, path) (rate(http_requests_total{instance=~"$instance"}[$__rate_interval])))',
                "{{method}} {{path}}",
            ),
        ),
        width=8,
    ),
    Panel(
        "Time to the last byte",
        "Of all routes. Streams last as long as their work, and count here.",
        "s",
        quantiles("http_request_duration_seconds"),
        width=8,
    ),
)

_ROUTES: Final = recorded(
    "Routes",
    "requests had their last byte sooner, by route; the rule's window is 5 minutes.",
    "path:http_request_duration_seconds",
    "{{path}}",
)

_PROTOCOLS: Final = (
    Panel(
        "Protocols",
        "Requests a second by protocol and outcome. busy: a queue was full or an allowance spent.",
        "reqps",
        (
            Query(
                "sum by (protocol, outcome) "
                '(rate(darkroom_compat_requests_total{instance=~"$instance"}[$__rate_interval]))',
                "{{protocol}} {{outcome}}",
            ),
        ),
    ),
    Panel(
        "Errors a minute, by code",
        "By their stable codes; queue_full and rate_limited are refusals.",
        "short",
        (
            Query(
                '60 * sum by (code) (rate(darkroom_errors_total{instance=~"$instance"}[$__rate_interval]))', "{{code}}"
            ),
        ),
        stacked=True,
    ),
)

_OBJECTIVE: Final = (
    Panel(
        "Error budget burn",
        "How many times faster than allowed requests fail; of 1000 five may. The alerts look at the same lines.",
        "short",
        (
            Query("service:error_budget_burn:5m", "5 min"),
            Query("service:error_budget_burn:1h", "1 h"),
            Query("service:error_budget_burn:2h", "2 h"),
            Query("service:error_budget_burn:1d", "1 d"),
        ),
        steps=((3, "yellow"), (14.4, "red")),
    ),
    Panel(
        "In flight",
        "Requests that are being answered, and streams that are open among them.",
        "short",
        (
            Query('sum(http_in_flight_requests{instance=~"$instance"})', "requests"),
            Query('sum(darkroom_stream_followers{instance=~"$instance"})', "streams"),
        ),
    ),
)

BOARD: Final = Board(
    "darkroom-api",
    "Darkroom: API",
    "How many requests, how fast they are answered, and what goes wrong.",
    (_TRAFFIC, _ROUTES, _PROTOCOLS, _OBJECTIVE),
)
