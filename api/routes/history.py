"""How it went during the last hour."""

import asyncio

from fastapi import APIRouter, Request, Response

from api.errors import respond
from api.schemas.errors import REFUSED
from api.schemas.system import History
from api.security import NativeKey
from api.state import dispatch_of
from tasks import history

router = APIRouter(prefix="/api", tags=["system"], dependencies=[NativeKey], responses=REFUSED)


@router.get("/history", responses={200: {"model": History}}, summary="Depth, waiting, throughput and latency")
async def get_history(request: Request) -> Response:
    """A point every few seconds, as workers saw it; what nobody saw has no point."""
    points = await asyncio.to_thread(history.read, dispatch_of(request).redis)
    return respond(200, {"step_s": history.STEP_S, "points": points})
