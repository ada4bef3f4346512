"""The service API of DeepSeek-OCR servers: a picture as base64 or URL in, a task id out, the rest by polling."""

import base64
import binascii
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api import documents, fetch
from api.errors import ApiError, respond
from api.schemas.errors import REFUSED
from api.schemas.forms import ManyForm, body
from api.schemas.jobs import Polled, PolledMany
from api.security import NativeKey, settings_of, user_of
from api.uploads import Upload, read_many

router = APIRouter(prefix="/api/v1", tags=["DeepSeek-OCR"], dependencies=[NativeKey], responses=REFUSED)


class OcrRequest(BaseModel):
    """A picture and what is wanted of it."""

    image: str = Field(min_length=1, description="base64, or a URL where that is allowed.")
    mode: Literal["ocr", "document", "describe", "figure"] = "ocr"
    language: Literal["auto", "zh", "en"] = "auto"


@router.post("/ocr", responses={200: {"model": Polled}}, summary="Read a picture")
async def post_ocr(request: Request, wanted: OcrRequest) -> Response:
    """Answers at once with a task id for /result/{task_id}."""
    if wanted.image.startswith(("http://", "https://")):
        data = await fetch.fetch(wanted.image, settings_of(request))
    else:
        data = _decode(wanted.image)
    return respond(200, await _accept(request, Upload("image", data), wanted.mode))


@router.post(
    "/ocr/batch",
    openapi_extra=body(multipart=ManyForm),
    responses={200: {"model": PolledMany}},
    summary="Read many pictures",
)
async def post_batch(request: Request) -> Response:
    """A task id for each file of the fields `files`, in their order."""
    files, form = await read_many(request, settings_of(request).max_job_files)
    mode = str(form.get("mode") or "ocr")
    if mode not in documents.MODES:
        raise ApiError("bad_request", f"mode: one of {', '.join(documents.MODES)}")
    return respond(200, {"tasks": [await _accept(request, file, mode) for file in files]})


async def _accept(request: Request, upload: Upload, mode: str) -> dict[str, Any]:
    if not upload.data:
        raise ApiError("not_a_picture", "The picture is empty.")
    user = await user_of(request)
    options = {"mode": mode, "kind": documents.kind_of(upload.data), "user_id": user.id if user else None}
    task_id = await documents.submit(request, upload, options)
    return {"task_id": task_id, "status": "processing", "result": None, "error": None}


def _decode(text: str) -> bytes:
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ApiError("bad_request", "image: neither base64 nor a URL.") from error
