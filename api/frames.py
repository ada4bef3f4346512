"""NDJSON: one JSON object a line, flushed as it is made; a blank line is a heartbeat. And results in our own form."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import orjson
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api import vectors
from api.times import iso
from monitoring import metrics

NDJSON = "application/x-ndjson; charset=utf-8"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Stream(StreamingResponse):
    """Counted while it is open."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with metrics.STREAM_FOLLOWERS.track_inprogress():
            await super().__call__(scope, receive, send)


def encode(frame: dict[str, Any] | None) -> bytes:
    """One line."""
    return b"\n" if frame is None else orjson.dumps(frame) + b"\n"


def stream(frames: AsyncIterator[dict[str, Any] | None]) -> StreamingResponse:
    """A response that sends each frame as it comes; a slow reader holds back the source, not memory."""

    async def lines() -> AsyncIterator[bytes]:
        async for frame in frames:
            yield encode(frame)

    return Stream(lines(), media_type=NDJSON, headers=HEADERS)


def result(analysis: str, finding: dict[str, Any]) -> Any:
    """One analysis in the native form."""
    form = _NATIVE.get(analysis)
    return form(finding) if form is not None else dict(finding["body"])


def _ocr(finding: dict[str, Any]) -> dict[str, Any]:
    lines = [{key: line[key] for key in ("text", "score", "box")} for line in finding["body"]["lines"]]
    return {"lines": lines, "text": "\n".join(line["text"] for line in lines)}


def _clip(finding: dict[str, Any]) -> dict[str, Any]:
    return {"embedding": _embedding(finding["body"]["vector"]), "model": finding["model"]}


def _face(finding: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "box": face["box"],
            "score": face["score"],
            "landmarks": face["landmarks"],
            "embedding": _embedding(face["vector"]),
        }
        for face in finding["body"]["faces"]
    ]


def _embedding(vector: str) -> list[float]:
    return [vectors.short(number) for number in vectors.numbers(vector)]


def correction(written: dict[str, Any] | None) -> dict[str, Any] | None:
    """A photo's text as a person wrote it, in the native form."""
    return {"text": written["text"], "at": iso(written["at"])} if written is not None else None


_NATIVE: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {"ocr": _ocr, "clip": _clip, "face": _face}


def item(fields: dict[str, Any]) -> dict[str, Any]:
    """An item, in a frame or a results line, with its findings in the native form."""
    findings = fields.get("results")
    if findings is None:
        return fields
    said = {"correction": correction(fields["correction"])} if "correction" in fields else {}
    return {**fields, **said, "results": {name: result(name, finding) for name, finding in findings.items()} or None}
