"""What is loaded, where, and how much waits."""

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response

from api.errors import respond
from api.schemas.errors import REFUSED
from api.schemas.system import Devices, Models, Queues
from api.security import NativeKey
from api.state import dispatch_of
from tasks import history
from tasks.dispatch import Dispatch

router = APIRouter(prefix="/api", tags=["system"], dependencies=[NativeKey], responses=REFUSED)


@router.get("/models", responses={200: {"model": Models}}, summary="Models that answer, and those in memory")
async def get_models(request: Request) -> Response:
    """For each worker its capabilities and loaded models."""
    workers = await asyncio.to_thread(dispatch_of(request).workers)
    return respond(
        200,
        {"items": [{"worker": w.name, "capabilities": w.capabilities, "loaded": w.models} for w in workers]},
    )


@router.get("/devices", responses={200: {"model": Devices}}, summary="Devices and their workers")
async def get_devices(request: Request) -> Response:
    """For each device its workers."""
    devices: dict[str, list[dict[str, Any]]] = {}
    for w in await asyncio.to_thread(dispatch_of(request).workers):
        row = {"worker": w.name, "host": w.host, "pid": w.pid, "queues": w.queues, "threads": w.threads}
        devices.setdefault(w.device, []).append(row)
    return respond(200, {"items": [{"device": name, "workers": rows} for name, rows in devices.items()]})


@router.get("/queues", responses={200: {"model": Queues}}, summary="Depth, waiting time and pace of each queue")
async def get_queues(request: Request) -> Response:
    """What waits in the broker; for job queues the photos or pages that wait in the store."""
    return respond(200, {"items": await asyncio.to_thread(_queues, dispatch_of(request))})


def _queues(dispatch: Dispatch) -> list[dict[str, Any]]:
    paces = history.paces(dispatch.redis)
    return [
        {"queue": queue, **asdict(standing), "done_total": paces[queue].done, "rate_per_s": paces[queue].per_s}
        for queue, standing in dispatch.standing().items()
    ]
