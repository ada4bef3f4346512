"""Documents: how many, how long, how many tokens, and how the engine that reads them is."""

from typing import Final

from monitoring.dashboards.board import Board
from monitoring.dashboards.panel import Panel, Query
from monitoring.dashboards.quantiles import quantile

_NOW: Final = (
    Panel(
        "Document engines",
        "Whether each engine that reads pages answers.",
        "short",
        (Query('max by (engine) (darkroom_document_engine_up{instance=~"$instance"})', "{{engine}}"),),
        kind="stat",
        width=6,
        height=4,
        base="red",
        steps=((1, "green"),),
        words=((0, "down"), (1, "up")),
    ),
    Panel(
        "In progress",
        "Documents that are not finished.",
        "short",
        (Query('max by (kind) (ocr_in_progress{instance=~"$instance"})', "{{kind}}"),),
        kind="stat",
        width=6,
        height=4,
    ),
    Panel(
        "Tokens",
        "Since the service started, as the engines count them: what they were given, and what they wrote.",
        "short",
        (
            Query('sum(prompt_tokens_total{instance=~"$instance"})', "prompt"),
            Query('sum(completion_tokens_total{instance=~"$instance"})', "completion"),
        ),
        kind="stat",
        width=6,
        height=4,
    ),
    Panel(
        "Open streams",
        "Clients that follow the text while it is made.",
        "short",
        (Query('sum(darkroom_stream_followers{instance=~"$instance"})', "streams"),),
        kind="stat",
        width=6,
        height=4,
    ),
)

_FLOW: Final = (
    Panel(
        "Documents accepted, an hour",
        "By kind.",
        "short",
        (Query('sum by (kind) (increase(ocr_requests_total{instance=~"$instance"}[1h]))', "{{kind}}"),),
    ),
    Panel(
        "Bytes accepted a second",
        "By kind.",
        "Bps",
        (Query('sum by (kind) (rate(ocr_input_bytes_total{instance=~"$instance"}[$__rate_interval]))', "{{kind}}"),),
    ),
)

_TIMES: Final = (
    Panel(
        "From arrival to end, p50",
        "Half of the documents were done sooner, by kind.",
        "s",
        (quantile(0.5, "ocr_processing_seconds", "kind"),),
        width=8,
    ),
    Panel(
        "From arrival to end, p95",
        "Of 100 documents 95 were done sooner, by kind.",
        "s",
        (quantile(0.95, "ocr_processing_seconds", "kind"),),
        width=8,
    ),
    Panel(
        "A page's first piece of text, p95",
        "From the beginning of its reading, by engine.",
        "s",
        (quantile(0.95, "darkroom_document_first_piece_seconds", "engine"),),
        width=8,
        steps=((10, "yellow"), (30, "red")),
    ),
)

_ENGINE: Final = (
    Panel(
        "Tokens written a second",
        "By engine, of pages that were read to their end.",
        "ops",
        (
            Query(
                'sum by (engine) (rate(darkroom_document_tokens_total{instance=~"$instance"}[$__rate_interval]))',
                "{{engine}}",
            ),
        ),
    ),
    Panel(
        "Pages read again, an hour",
        "By reason; fallback: the classic engine read what the server could not.",
        "short",
        (
            Query(
                'sum by (reason) (increase(darkroom_document_retries_total{instance=~"$instance"}[1h]))', "{{reason}}"
            ),
        ),
    ),
)

BOARD: Final = Board(
    "darkroom-documents",
    "Darkroom: Documents and tokens",
    "How many documents, how long they take, how many tokens, and how the engine is.",
    (_NOW, _FLOW, _TIMES, _ENGINE),
)
