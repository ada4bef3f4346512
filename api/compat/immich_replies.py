"""Findings in the form that Immich takes."""

from typing import Any

from api import vectors
from api.compat.immich_entries import Entry
from tasks.requests import PhotoAnswer


def reply(entry: Entry, answer: PhotoAnswer) -> Any:
    """What stands under a task's name."""
    assert entry.wanted is not None
    body = answer.findings[entry.wanted.name]["body"]
    if entry.task == "clip":
        return vectors.text(body["vector"])
    if entry.task == "facial-recognition":
        return [_face(face) for face in body["faces"] if face["score"] >= entry.least.box]
    lines = [
        line for line in body["lines"] if line["box_score"] >= entry.least.box and line["score"] >= entry.least.text
    ]
    return _ocr(lines, answer.width, answer.height)


def _face(face: dict[str, Any]) -> dict[str, Any]:
    x1, y1, x2, y2 = face["box"]
    return {
        "boundingBox": {"x1": x1, "y1": y1, "x2": x2, "y2": y2},
        "embedding": vectors.text(face["vector"]),
        "score": face["score"],
    }


def _ocr(lines: list[dict[str, Any]], width: int, height: int) -> dict[str, Any]:
    return {
        "text": [line["text"] for line in lines],
        "box": [part for line in lines for x, y in line["box"] for part in (x / width, y / height)],
        "boxScore": [line["box_score"] for line in lines],
        "textScore": [line["score"] for line in lines],
    }
