"""MT Photos: the calls of its AI servers, to the letter.

A picture or a situation that gives no answer is HTTP 200 with `{"result": [], "msg": ...}`: the app knows nothing else.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

import redis
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api import vectors
from api.compat.own_form import answering
from api.errors import ServiceError, headers_of, respond, status_of
from api.security import MtPhotosKey, settings_of
from api.state import dispatch_of
from api.uploads import MULTIPART, read_one
from tasks import analyses
from tasks.analyses import Wanted
from tasks.dispatch import Dispatch

TITLE: Final = "Darkroom"
HELP: Final = "https://mtmt.tech/docs/advanced/ocr_api"
MAX_DISTANCE: Final = 0.5
FACE_MODEL: Final = "buffalo_l"
UNREAD: Final = ("too_large", "upload_too_slow")
"""Their status is a matter of HTTP: the upload was not read."""


def _no_answer(error: ServiceError) -> Response:
    message = f"{error} {error.hint}" if error.hint else str(error)
    status = status_of(error.code) if error.code in UNREAD else 200
    return respond(status, {"result": [], "msg": message}, headers_of(error))


router = APIRouter(tags=["MT Photos"], dependencies=[MtPhotosKey], route_class=answering(_no_answer))


class TextQuery(BaseModel):
    """What is looked for."""

    text: str


@router.post("/check", summary="Is the service there, is the key right")
async def post_check(request: Request) -> Response:
    """What the app shows, and the two thresholds that it reads; the face model is the one that answers."""
    dispatch = dispatch_of(request)
    model, instead = await asyncio.to_thread(_models, dispatch)
    return respond(
        200,
        {
            "result": "pass",
            "title": f"{TITLE} (standing in: {', '.join(instead)})" if instead else TITLE,
            "help": HELP,
            **_detector(model),
            "facial_min_score": dispatch.settings.face_min_score,
            "facial_max_distance": MAX_DISTANCE,
        },
    )


def _models(dispatch: Dispatch) -> tuple[str, list[str]]:
    """The face model, and the models that stand in for others, which the title names."""
    with contextlib.suppress(redis.RedisError):
        return dispatch.model_name("face") or FACE_MODEL, dispatch.stand_ins()
    return FACE_MODEL, []


@router.post("/ocr", openapi_extra=MULTIPART, summary="Read a picture")
async def post_ocr(request: Request) -> Response:
    """Texts, scores and axis-aligned boxes in reading order, numbers as strings."""
    return await _photo(request, Wanted("ocr"), lambda finding: {"result": ocr(finding["body"]["lines"])})


@router.post("/clip/img", openapi_extra=MULTIPART, summary="The vector of a picture")
async def post_clip_img(request: Request) -> Response:
    """The CLIP model's own output, numbers as strings with 16 decimals."""
    return await _photo(request, Wanted("clip"), lambda finding: clip(finding["body"]["vector"]))


@router.post("/clip/txt", summary="The vector of a text")
async def post_clip_txt(request: Request, query: TextQuery) -> Response:
    """As /clip/img, by the text side of the same model."""
    answer = await dispatch_of(request).text(query.text)
    return respond(200, clip(answer.vector))


@router.post("/represent", openapi_extra=MULTIPART, summary="Faces and their vectors")
async def post_represent(request: Request) -> Response:
    """Every face from FACE_MIN_SCORE on; the model that answered is named."""
    least = dispatch_of(request).settings.face_min_score

    def faces(finding: dict[str, Any]) -> dict[str, Any]:
        found = [face for face in finding["body"]["faces"] if face["score"] >= least]
        return {**_detector(finding["model"]), "result": [represent(face) for face in found]}

    return await _photo(request, analyses.faces(None, least), faces)


async def _photo(request: Request, wanted: Wanted, form: Callable[[dict[str, Any]], dict[str, Any]]) -> Response:
    upload = await read_one(request, compat=True)
    answer = await dispatch_of(request).photo(upload.data, [wanted])
    return respond(200, form(answer.findings[wanted.name]))


def clip(vector: str) -> dict[str, Any]:
    """A vector in the form that the app takes; servers say `result`, the documentation `results`."""
    texts = [f"{number:.16f}" for number in vectors.numbers(vector)]
    return {"result": texts, "results": texts}


def represent(face: dict[str, Any]) -> dict[str, Any]:
    """A face in the form that the app takes; the area in whole pixels of the upright picture."""
    x1, y1, x2, y2 = (round(side) for side in face["box"])
    return {
        "embedding": vectors.numbers(face["vector"]),
        "facial_area": {"x": x1, "y": y1, "w": x2 - x1, "h": y2 - y1},
        "face_confidence": face["score"],
    }


def _detector(model: str) -> dict[str, str]:
    return {"detector_backend": "dlib" if model == "dlib" else "insightface", "recognition_model": model}


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
