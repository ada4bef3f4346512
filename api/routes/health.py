"""Alive, and able to serve."""

import asyncio
from typing import Any

import redis
from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from api.errors import respond
from api.schemas.system import Alive, Readiness
from api.state import dispatch_of
from tasks import analyses
from tasks.dispatch import Dispatch
from tasks.queues import PHOTO_QUEUE

router = APIRouter(tags=["health"])
RANK = {"ready": 0, "loading": 1, "missing": 2}


@router.get("/livez", responses={200: {"model": Alive}}, summary="Alive")
async def get_livez() -> Response:
    """200 as long as this process answers."""
    return respond(200, {"alive": True})


@router.get(
    "/readyz",
    responses={200: {"model": Readiness}, 503: {"model": Readiness, "description": "Something is missing."}},
    summary="Able to serve",
)
async def get_readyz(request: Request, require: str = "") -> Response:
    """200 when broker, store and a worker answer; lists every capability. `require=ocr` makes a missing one a 503."""
    report = await asyncio.to_thread(readiness, dispatch_of(request))
    wanted = [name for name in require.split(",") if name]
    capable = all(report["capabilities"].get(name, {}).get("state") == "ready" for name in wanted)
    ready = capable and all(part["state"] == "ok" for part in report["parts"].values())
    return respond(200 if ready else 503, {"ready": ready, **report})


def readiness(dispatch: Dispatch) -> dict[str, Any]:
    """State of every part, and of every capability by its best worker."""
    parts: dict[str, dict[str, Any]] = {"broker": {"state": "ok"}, "store": {"state": "ok"}, "workers": {"state": "ok"}}
    names = (*analyses.ANALYSES, analyses.DOCUMENT)
    capabilities: dict[str, dict[str, Any]] = {name: {"state": "missing"} for name in names}
    try:
        dispatch.redis.ping()
        workers = dispatch.workers()
    except redis.RedisError as error:
        workers = []
        parts["broker"] = {"state": "down", "reason": f"Redis does not answer: {type(error).__name__}"}
    serving = [record for record in workers if PHOTO_QUEUE in record.queues]
    if not serving:
        parts["workers"] = {"state": "down", "reason": "No worker for interactive requests gives a sign of life."}
    parts["workers"]["count"] = len(workers)
    try:
        dispatch.store.check()
    except SQLAlchemyError as error:
        parts["store"] = {"state": "down", "reason": f"The database does not answer: {type(error).__name__}"}
    for name in capabilities:
        able = workers if name == analyses.DOCUMENT else serving
        states = [record.capabilities[name] for record in able if name in record.capabilities]
        if states:
            capabilities[name] = min(states, key=lambda state: RANK.get(state["state"], 3))
        else:
            capabilities[name]["reason"] = "No worker offers it."
    return {"parts": parts, "capabilities": capabilities}
