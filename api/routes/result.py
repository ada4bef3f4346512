"""Polling by task id: the whole job in one answer."""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api import frames
from api.errors import respond
from api.schemas.errors import REFUSED
from api.schemas.jobs import Polled
from api.security import NativeKey
from api.state import dispatch_of
from tasks import views
from tasks.analyses import DOCUMENT
from tasks.store.session import Store

router = APIRouter(tags=["jobs"], dependencies=[NativeKey], responses=REFUSED)
STATUS: Final = {"completed": "completed", "failed": "failed", "cancelled": "failed"}
MOST_ITEMS: Final = 1000
"""A larger job's results are paged at its link `results`."""


@router.get("/result/{task_id}", responses={200: {"model": Polled}}, summary="Poll a job")
async def get_result(request: Request, task_id: str) -> Response:
    """`processing`, `completed` or `failed`, with the result once it is there."""
    store = dispatch_of(request).store
    job = await asyncio.to_thread(views.job, store, task_id)
    status = STATUS.get(job["state"], "processing")
    error = job["error"]["message"] if job["error"] else None
    if job["state"] == "cancelled":
        error = "The job was cancelled."
    found: dict[str, Any] | None = None
    if status == "completed":
        page = await asyncio.to_thread(views.finished, store, task_id, 0, MOST_ITEMS)
        items = [frames.item(fields) for fields in page]
        found = {"counts": job["counts"], "items": items, "more": f"/api/jobs/{task_id}/results"}
        if job["kind"] == DOCUMENT:
            found["text"] = await asyncio.to_thread(_text, store, task_id)
        if job["counts"]["failed"] and job["counts"]["failed"] == job["counts"]["total"]:
            status, error = "failed", items[0]["error"]["message"]
    return respond(200, {"task_id": task_id, "status": status, "result": found, "error": error})


def _text(store: Store, job_id: str) -> str:
    """Of all pages, however many there are."""
    return "\n\n".join(body["markdown"] for _, body in views.pages(store, job_id))
