"""Immich: the two calls of its machine learning server, to the letter.

It sends no key, so the routes answer only the networks of IMMICH_ALLOW. Any status that is not 2xx makes it count the
photo as failed while its queue drains on: short outages are waited out, and a photo that was not looked at is never
answered with an empty result.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import redis
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api import vectors
from api.compat import immich_pass, immich_replies
from api.compat.immich_entries import Entry, NotServedHere, entry, parse
from api.compat.own_form import answering
from api.errors import PICTURE_CODES, SERVICE_ERRORS, ServiceError, headers_of, respond, status_of
from api.security import ImmichNetwork, settings_of
from api.state import dispatch_of
from api.uploads import read_form
from tasks import queues
from tasks.dispatch import Dispatch
from tasks.errors import BrokerDown, NoWorker, QueueFull

OUTAGES = (BrokerDown, NoWorker, QueueFull)
NOT_HERE = frozenset({"model_unknown", "model_missing"})
PING_S = 1.5
T = TypeVar("T")


def _detail(error: ServiceError) -> Response:
    status = 400 if error.code in PICTURE_CODES else status_of(error.code)
    return respond(status, {"detail": f"{error} {error.hint}" if error.hint else str(error)}, headers_of(error))


router = APIRouter(tags=["Immich"], dependencies=[ImmichNetwork], route_class=answering(_detail))


@router.get("/ping", summary="Could a request be served")
async def get_ping(request: Request) -> Response:
    """`pong` while a worker serves requests; 503 otherwise, so that Immich takes its next server."""
    try:
        serves = await asyncio.wait_for(
            asyncio.to_thread(dispatch_of(request).serves, queues.PHOTO_QUEUE), timeout=PING_S
        )
    except (redis.RedisError, TimeoutError):
        serves = False
    return PlainTextResponse("pong") if serves else PlainTextResponse("no worker", 503)


@router.post("/predict", summary="Vectors, faces and text of a picture, or the vector of a text")
async def post_predict(request: Request) -> Response:
    """Several tasks may come in one call; they share one decode."""
    form = await read_form(request)
    if not isinstance(entries := form.get("entries"), str):
        raise RequestValidationError([{"type": "missing", "loc": ("body", "entries"), "msg": "Field required"}])
    tasks = parse(entries)
    image, text = form.get("image"), form.get("text")
    if isinstance(image, UploadFile):
        return respond(200, await _picture(request, tasks, await image.read()))
    if isinstance(text, str):
        return respond(200, await _text(request, tasks, text))
    raise HTTPException(400, "Either image or text must be provided")


async def _picture(request: Request, tasks: dict[str, dict[str, Any]], data: bytes) -> dict[str, Any]:
    here: list[Entry] = []
    away: dict[str, Any] = {}
    for task, types in tasks.items():
        try:
            one = entry(task, types)
            if one.wanted is None:
                raise HTTPException(400, "A textual model was asked about an image")
            here.append(one)
        except NotServedHere as error:
            _pass_on(request, task, types, away, HTTPException(422, f"Nothing here serves {error}"))
    merged: dict[str, Any] = {}
    for group in await _groups(request, here, data, away, tasks):
        merged |= group
    if away:
        merged |= await immich_pass.ask(settings_of(request).immich_api, away, data)
    return merged


async def _groups(
    request: Request, here: list[Entry], data: bytes, away: dict[str, Any], tasks: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    """All tasks in one piece of work; where a model is missing and may be elsewhere, each by itself."""
    if not here:
        return []
    try:
        return [await _look(request, here, data)]
    except SERVICE_ERRORS as error:
        if error.code not in NOT_HERE or not settings_of(request).immich_api:
            raise
    replies = []
    for one in here:
        try:
            replies.append(await _look(request, [one], data))
        except SERVICE_ERRORS as error:
            if error.code not in NOT_HERE:
                raise
            away[one.task] = tasks[one.task]
    return replies


async def _look(request: Request, entries: list[Entry], data: bytes) -> dict[str, Any]:
    wanted = [one.wanted for one in entries if one.wanted is not None]
    answer = await _patiently(request, lambda dispatch: dispatch.photo(data, wanted))
    replies = {one.task: immich_replies.reply(one, answer) for one in entries}
    return {**replies, "imageHeight": answer.height, "imageWidth": answer.width}


async def _text(request: Request, tasks: dict[str, dict[str, Any]], text: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    away: dict[str, Any] = {}
    for task, types in tasks.items():
        try:
            one = entry(task, types)
            if one.wanted is not None:
                raise HTTPException(400, f"{task} was asked about a text")
            answer = await _patiently(request, lambda dispatch, e=one: dispatch.text(text, e.model, e.language))  # type: ignore[misc]
            merged[task] = vectors.text(answer.vector)
        except NotServedHere as error:
            _pass_on(request, task, types, away, HTTPException(422, f"Nothing here serves {error}"))
        except SERVICE_ERRORS as error:
            if error.code not in NOT_HERE:
                raise
            _pass_on(request, task, types, away, error)
    if away:
        merged |= await immich_pass.ask(settings_of(request).immich_api, away, text)
    return merged


def _pass_on(request: Request, task: str, types: dict[str, Any], away: dict[str, Any], otherwise: Exception) -> None:
    if not settings_of(request).immich_api:
        raise otherwise
    away[task] = types


async def _patiently(request: Request, ask: Callable[[Dispatch], Awaitable[T]]) -> T:
    """Ask again through an outage, for IMMICH_WAIT_S at most."""
    ends = time.monotonic() + settings_of(request).immich_wait_s
    while True:
        try:
            return await ask(dispatch_of(request))
        except OUTAGES:
            if time.monotonic() >= ends or await request.is_disconnected():
                raise
        await asyncio.sleep(0.5)
