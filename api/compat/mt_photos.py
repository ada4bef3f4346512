"""MT Photos: the calls of its AI servers, to the letter.

A picture or a situation that gives no answer is HTTP 200 with `{"result": [], "msg": ...}`: the app knows nothing else.
"""

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.errors import SERVICE_ERRORS, headers_of, respond
from api.security import MtPhotosKey, settings_of
from api.state import dispatch_of
from api.uploads import MULTIPART, read_one

router = APIRouter(tags=["MT Photos"], dependencies=[MtPhotosKey])

TITLE: Final = "Darkroom"
HELP: Final = "https://mtmt.tech/docs/advanced/ocr_api"


@router.post("/check", summary="Is the service there, is the key right")
async def post_check() -> Response:
    """What the app shows, and the two thresholds that it reads."""
    return respond(
        200,
        {
            "result": "pass",
            "title": TITLE,
            "help": HELP,
            "detector_backend": "insightface",
            "recognition_model": "buffalo_l",
            "facial_min_score": 0.65,
            "facial_max_distance": 0.5,
        },
    )


@router.post("/ocr", openapi_extra=MULTIPART, summary="Read a picture")
async def post_ocr(request: Request) -> Response:
    """Texts, scores and axis-aligned boxes in reading order, numbers as strings."""
    upload = await read_one(request, compat=True)
    try:
        answer = await dispatch_of(request).photo(upload.data, ["ocr"])
    except SERVICE_ERRORS as error:
        return respond(200, {"result": [], "msg": _message(error)}, headers_of(error))
    return respond(200, {"result": ocr(answer.findings["ocr"]["body"]["lines"])})


def ocr(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Lines in the form that the app takes."""
    return {
        "texts": [line["text"] for line in lines],
        "scores": [f"{line['score']:.2f}" for line in lines],
        "boxes": [_box(line["box"]) for line in lines],
    }


def _box(corners: list[list[float]]) -> dict[str, str]:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    sides = {"x": min(xs), "y": min(ys), "width": max(xs) - min(xs), "height": max(ys) - min(ys)}
    return {name: f"{value:.1f}" for name, value in sides.items()}


def _message(error: Any) -> str:
    return f"{error} {error.hint}" if error.hint else str(error)


@router.post("/restart", summary="Free the memory of models")
async def post_restart(request: Request) -> Response:
    """Models are unloaded by every worker; requests in flight finish, the next one loads again."""
    await asyncio.to_thread(dispatch_of(request).unload_models)
    return respond(200, {"result": "pass"})


@router.post("/restart_v2", summary="Recycle the worker processes")
async def post_restart_v2(request: Request) -> Response:
    """Worker processes end in order and are started again by who supervises them; nothing accepted is dropped."""
    if settings_of(request).web_concurrency > 1:
        return respond(200, {"result": "skipped"})
    await asyncio.to_thread(dispatch_of(request).recycle_workers)
    return respond(200, {"result": "pass"})
