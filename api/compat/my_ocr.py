"""My OCR: a picture or a PDF in, Markdown out as NDJSON while it is read. Its web client works unchanged."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api import documents, frames
from api.routes.accounts import ANONYMOUS
from api.schemas.forms import DocumentForm, body
from api.schemas.frames import DocumentFrame, ndjson
from api.schemas.pictures import PictureFrame
from api.security import NativeKey, user_of
from api.state import dispatch_of
from api.uploads import Upload, read_form, take

router = APIRouter(prefix="/api/ocr", tags=["My OCR"], dependencies=[NativeKey])
MODE = "ocr"
CHOICES = ("prompt", "mode", "resolution", "pages", "password", "engine")


@router.post(
    "/image",
    openapi_extra=body(multipart=DocumentForm),
    response_class=StreamingResponse,
    responses={200: ndjson(PictureFrame, "Frames, a line each.")},
    summary="Read a picture, streamed",
)
async def post_image(request: Request) -> Response:
    """`start`, many `delta`, `end`."""
    return await _stream(request, "image", "Only PNG/JPEG/WEBP images are supported")


@router.post(
    "/pdf",
    openapi_extra=body(multipart=DocumentForm),
    response_class=StreamingResponse,
    responses={200: ndjson(DocumentFrame, "Frames, a line each.")},
    summary="Read a PDF, streamed",
)
async def post_pdf(request: Request) -> Response:
    """`start`, then of each page `page_start`, `page_delta` and `page_end`, several pages at once, then `end`."""
    return await _stream(request, "pdf", "Only PDF is supported")


async def _stream(request: Request, kind: documents.Kind, otherwise: str) -> Response:
    form = await read_form(request)
    file = form.get("file")
    upload = await take(file) if isinstance(file, UploadFile) else Upload("", b"")
    if not upload.data or documents.kind_of(upload.data) != kind:
        raise HTTPException(400, otherwise)
    user = await user_of(request) or ANONYMOUS
    options = {**chosen(form, MODE), "kind": kind, "user_id": user.id or None}
    dispatch = dispatch_of(request)
    job_id = await documents.submit(request, upload, options)
    steps = dispatch.read(job_id, raw=flag(form, "raw"))
    source: AsyncIterator[dict[str, Any] | None]
    source = documents.image_frames(steps) if kind == "image" else documents.pdf_frames(steps)
    grace_s = documents.grace_of(request, flag(form, "cancel_on_disconnect"))
    return frames.stream(documents.followed(request, job_id, source, grace_s, sent_here=True))


def chosen(form: FormData, mode: str) -> dict[str, Any]:
    """What of a form says how a document is to be read. Raises HTTPException 400 for a mode that is none."""
    asked = {key: str(form[key]) for key in CHOICES if form.get(key)}
    asked.setdefault("mode", mode)
    if asked["mode"] not in documents.MODES:
        raise HTTPException(400, f"mode: one of {', '.join(documents.MODES)}")
    return {**asked, "force": flag(form, "force")}


def flag(form: FormData, name: str) -> bool:
    """A yes or no of a form."""
    return str(form.get(name) or "").lower() in ("1", "true", "yes", "on")
