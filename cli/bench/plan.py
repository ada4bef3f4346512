"""How much is measured."""

from dataclasses import dataclass
from typing import Final

ROWS: Final = ("ocr", "clip_image", "clip_text", "faces", "rescan", "queue", "bulk", "beside", "document")
"""All that a run measures, and what `--only` may name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        clients: how many ask at once, one figure each; the first is the lonely one.
        pictures: different ones of a row.
        turns: of each side, for each number of clients.
        seconds: about how long one turn takes.
        settings: of the reference server that are tried.
        photos: of the rescan that is compared.
        requests: for each figure of the queue.
        bulk: pictures of the large rescan.
        beside: photos of a window of the rescan during which somebody searches.
    """

    clients: tuple[int, ...] = (1, 4, 8, 16)
    pictures: int = 8
    turns: int = 2
    seconds: float = 8.0
    settings: int = 3
    photos: int = 32
    requests: int = 200
    bulk: int = 20_000
    beside: int = 150


FULL: Final = Plan()
QUICK: Final = Plan((1, 8), 8, turns=1, seconds=4.0, settings=2, photos=24, requests=60, bulk=2000, beside=40)
TUNED_AT: Final = 8
"""Clients with which the reference's settings are compared."""
