"""What is loaded, where, and how much waits."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from api.errors import respond
from api.security import NativeKey
from api.state import dispatch_of
from tasks import queues

router = APIRouter(prefix="/api", tags=["system"], dependencies=[NativeKey])


@router.get("/models", summary="Models that answer, and those in memory")
async def get_models(request: Request) -> Response:
    """For each worker its capabilities and loaded models."""
    workers = await asyncio.to_thread(dispatch_of(request).workers)
    return respond(
        200,
        {"items": [{"worker": w.name, "capabilities": w.capabilities, "loaded": w.models} for w in workers]},
    )


@router.get("/devices", summary="Devices and their workers")
async def get_devices(request: Request) -> Response:
    """For each device its workers."""
    devices: dict[str, list[dict[str, Any]]] = {}
    for w in await asyncio.to_thread(dispatch_of(request).workers):
        row = {"worker": w.name, "host": w.host, "pid": w.pid, "queues": w.queues, "threads": w.threads}
        devices.setdefault(w.device, []).append(row)
    return respond(200, {"items": [{"device": name, "workers": rows} for name, rows in devices.items()]})


@router.get("/queues", summary="Depth of each queue")
async def get_queues(request: Request) -> Response:
    """Messages in the broker; for job queues the photos that wait in the store."""
    dispatch = dispatch_of(request)
    depths = await asyncio.to_thread(dispatch.depths)
    waiting = await asyncio.to_thread(dispatch.jobs.waiting)
    rows = []
    inside = {queues.JOB_QUEUES[priority]: count for priority, (count, _) in waiting.items()}
    for queue, messages in depths.items():
        photos = inside.get(queue, 0) if queue in queues.JOB_QUEUES.values() else messages
        rows.append({"queue": queue, "depth": photos, "messages": messages})
    return respond(200, {"items": rows})
