"""All dashboards, and the files they make."""

import json
from pathlib import Path
from typing import Final

from monitoring.dashboards import api, documents, overview, queues, vllm, workers
from monitoring.dashboards.board import Board

FOLDER: Final = Path(__file__).parents[1] / "grafana" / "dashboards"
BOARDS: Final[tuple[Board, ...]] = (
    overview.BOARD,
    queues.BOARD,
    documents.BOARD,
    api.BOARD,
    vllm.BOARD,
    workers.BOARD,
)


def files() -> dict[str, str]:
    """The text of each dashboard, by the name of its file."""
    return {f"{board.uid}.json": json.dumps(board.json(), indent=2) + "\n" for board in BOARDS}
