"""Documents as a service reads them: what was sent, told apart, and its pages as frames."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Literal

from fastapi import Request

from api.errors import count
from api.security import settings_of
from api.state import dispatch_of
from api.uploads import Upload
from monitoring import metrics
from tasks import views
from tasks.names import storable
from tasks.reading import Step

MODES: Final = ("ocr", "document", "describe", "figure", "locate", "layout")
Kind = Literal["pdf", "image"]


def kind_of(data: bytes) -> Kind:
    """By the first bytes: a PDF may have up to a kilobyte of anything before its mark."""
    return "pdf" if b"%PDF-" in data[:1024] else "image"


async def submit(request: Request, upload: Upload, options: dict[str, Any], custom_id: str | None = None) -> str:
    """Accept a document; its job's id."""
    dispatch = dispatch_of(request)
    named = {"custom_id": storable(custom_id)} if custom_id else {}
    kept = {key: storable(value) if isinstance(value, str) else value for key, value in options.items()}
    job_id = await asyncio.to_thread(dispatch.submit_document, storable(upload.name), upload.data, kept, **named)
    kind = options["kind"]
    metrics.OCR_REQUESTS.labels(kind).inc()
    metrics.OCR_BYTES.labels(kind).inc(len(upload.data))
    (metrics.PDF_REQUESTS if kind == "pdf" else metrics.IMAGE_REQUESTS).inc()
    return job_id


async def image_frames(steps: AsyncIterator[Step | None]) -> AsyncIterator[dict[str, Any] | None]:
    """My OCR's frames of one picture."""
    ended: dict[str, Any] = {"usage": {}}
    size = 0
    async for step in steps:
        if step is None:
            yield None
        elif step.type == "start":
            size = step.fields["input_bytes"]
            yield {"type": "start", "kind": "image", "task_id": step.fields["task_id"]}
        elif step.type == "delta":
            yield {"type": "delta", "delta": step.text}
        elif step.type == "page_end":
            ended = {"usage": _usage(step.fields), **_how(step.fields)}
            if error := step.fields.get("error"):
                count(error.get("code"))
                yield {"type": "error", **error}
        elif step.type == "error":
            yield _error(step)
        elif step.type == "end":
            yield {"type": "end", **ended, "usage": {**ended["usage"], "input_bytes": size}}


async def pdf_frames(steps: AsyncIterator[Step | None]) -> AsyncIterator[dict[str, Any] | None]:
    """My OCR's frames of a document: pages from 1, interleaved; every page that begins also ends."""
    pages = size = 0
    sums: dict[str, int] = dict.fromkeys(views.USAGE, 0)
    async for step in steps:
        if step is None:
            yield None
        elif step.type == "start":
            pages, size = step.fields["pages"], step.fields["input_bytes"]
            yield {"type": "start", "kind": step.fields["kind"], "pages": pages, "task_id": step.fields["task_id"]}
        elif step.type == "page_start":
            yield {"type": "page_start", "page": step.page}
        elif step.type == "delta":
            yield {"type": "page_delta", "page": step.page, "delta": step.text}
        elif step.type == "page_end":
            if error := step.fields.get("error"):
                count(error.get("code"))
                yield {"type": "error", **error, "page": step.page}
            usage = _usage(step.fields)
            for name in sums:
                sums[name] += usage.get(name, 0)
            kept = ("prompt_tokens", "completion_tokens", "completion_chars")
            ended = {"type": "page_end", "page": step.page, "usage": {name: usage.get(name, 0) for name in kept}}
            yield ended | _how(step.fields)
        elif step.type == "error":
            yield _error(step)
        elif step.type == "end":
            yield {"type": "end", "usage": {**sums, "input_bytes": size, "pages": pages}}


def _error(step: Step) -> dict[str, Any]:
    count(step.fields.get("code"))
    return {"type": "error", "code": step.fields.get("code"), "message": step.fields.get("message")}


def _how(item: dict[str, Any]) -> dict[str, Any]:
    """Which engine read a page, and what happened on the way, where there is something to say."""
    body = ((item.get("results") or {}).get("document") or {}).get("body") or {}
    said = {"engine": body.get("engine")} if body.get("engine") else {}
    return said | ({"notes": body["notes"]} if body.get("notes") else {})


def _usage(item: dict[str, Any]) -> dict[str, Any]:
    body = ((item.get("results") or {}).get("document") or {}).get("body") or {}
    return dict(body.get("usage") or dict.fromkeys(views.USAGE, 0))


async def followed(
    request: Request, job_id: str, frames: AsyncIterator[dict[str, Any] | None], grace_s: float, sent_here: bool
) -> AsyncIterator[dict[str, Any] | None]:
    """Frames for a client that may go away: a document that nobody follows any more is cancelled in `grace_s`."""
    async with dispatch_of(request).followers.follow(job_id, grace_s, sent_here) as leave:
        gone = asyncio.create_task(_when_gone(request, leave))
        try:
            async for frame in frames:
                yield frame
        finally:
            gone.cancel()


async def _when_gone(request: Request, leave: Callable[[], None]) -> None:
    """Noticed by the connection itself: an attempt to write may be seconds away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    leave()


def grace_of(request: Request, at_once: bool) -> float:
    """Seconds for which a document goes on that nobody follows."""
    return 0.0 if at_once else settings_of(request).disconnect_grace_s
