"""Schedules: rescans that begin by the clock."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.errors import respond
from api.routes.jobs import Rescan
from api.schemas.errors import REFUSED
from api.schemas.libraries import Schedule
from api.schemas.libraries import Schedules as ShownSchedules
from api.security import NativeKey
from api.state import dispatch_of
from api.times import iso
from tasks.schedules import Schedules

router = APIRouter(prefix="/api/schedules", tags=["schedules"], dependencies=[NativeKey], responses=REFUSED)


class NewSchedule(Rescan):
    """A rescan and when it begins."""

    cron: Annotated[str, Field(max_length=100)]
    time_zone: Annotated[str, Field(min_length=1, max_length=64)] | None = None


@router.post(
    "", status_code=201, responses={201: {"model": Schedule}}, summary="Rescan a library folder by a cron line"
)
async def post_schedule(request: Request, wanted: NewSchedule) -> Response:
    """Keep a schedule; its first run is the first time that fits from now on."""
    schedule = await asyncio.to_thread(
        _schedules(request).add,
        wanted.cron,
        wanted.library,
        wanted.tasks,
        wanted.options,
        time_zone=wanted.time_zone,
        priority=wanted.priority,
        custom_id=wanted.custom_id,
    )
    return respond(201, _shown(schedule))


@router.get("", responses={200: {"model": ShownSchedules}}, summary="Schedules, oldest first")
async def get_schedules(request: Request) -> Response:
    """All schedules; there are 100 at most."""
    return respond(200, {"items": [_shown(each) for each in await asyncio.to_thread(_schedules(request).all)]})


@router.delete("/{schedule_id}", responses={200: {"model": Schedule}}, summary="Remove a schedule")
async def delete_schedule(request: Request, schedule_id: str) -> Response:
    """Forget a schedule and answer what it was; jobs that it started go on."""
    return respond(200, _shown(await asyncio.to_thread(_schedules(request).remove, schedule_id)))


@router.post("/{schedule_id}/{action}", responses={200: {"model": Schedule}}, summary="pause or resume")
async def post_action(request: Request, schedule_id: str, action: Literal["pause", "resume"]) -> Response:
    """Start no more runs, or start them again from now on."""
    return respond(200, _shown(await asyncio.to_thread(getattr(_schedules(request), action), schedule_id)))


def _schedules(request: Request) -> Schedules:
    dispatch = dispatch_of(request)
    return Schedules(dispatch.store, dispatch.settings)


def _shown(schedule: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in schedule.items() if name != "options"}
    return {**rest, **schedule["options"], "next_at": iso(rest["next_at"]), "created_at": iso(rest["created_at"])}
