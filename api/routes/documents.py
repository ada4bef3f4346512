"""Documents: Markdown of a PDF or a picture, streamed or as a job whose items are pages."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api import documents, frames
from api.compat.my_ocr import chosen, flag
from api.errors import ApiError
from api.routes.jobs import accepted
from api.schemas.errors import REFUSED
from api.schemas.forms import NewDocument, body
from api.schemas.forms import file as a_file
from api.schemas.frames import DocumentFrame, ndjson
from api.schemas.jobs import Job
from api.security import NativeKey, user_of
from api.state import dispatch_of
from api.uploads import read_form, take
from tasks import views

artifacts = APIRouter(tags=["documents"], dependencies=[NativeKey], responses=REFUSED)
router = APIRouter(prefix="/api/documents", tags=["documents"], dependencies=[NativeKey], responses=REFUSED)
MODE = "document"
CHUNK: Final = 256 * 1024
UNCHANGING: Final = ("preview/", "plain/")
MEDIA: Final = ("image/jpeg", "text/markdown", "text/plain", "application/pdf", "application/zip")
ARTIFACT: Final[dict[str, Any]] = {
    "response_class": StreamingResponse,
    "responses": {200: a_file(*MEDIA)},
    "summary": "Something made of a job",
}


@router.post(
    "",
    openapi_extra=body(multipart=NewDocument),
    response_class=StreamingResponse,
    responses={
        200: ndjson(DocumentFrame, "With `stream=true`: frames, a line each."),
        202: {"model": Job, "description": "Without: a job whose items are pages."},
    },
    summary="Read a document",
)
async def post_document(request: Request) -> Response:
    """202 with a job, or with `stream=true` the frames of /api/ocr/pdf."""
    form = await read_form(request)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise ApiError("bad_request", "The form has no field `file`.", 'curl -F "file=@document.pdf" ...')
    upload = await take(file)
    if not upload.data:
        raise ApiError("not_a_picture", "The file is empty.")
    try:
        options = chosen(form, MODE)
    except HTTPException as error:
        raise ApiError("bad_request", str(error.detail)) from error
    user = await user_of(request)
    kind = documents.kind_of(upload.data)
    options |= {"kind": kind, "user_id": user.id if user else None}
    job_id = await documents.submit(request, upload, options, str(form.get("custom_id") or "") or None)
    if not flag(form, "stream"):
        return await accepted(request, job_id)
    dispatch = dispatch_of(request)
    source = documents.pdf_frames(dispatch.read(job_id, raw=flag(form, "raw")))
    grace_s = documents.grace_of(request, flag(form, "cancel_on_disconnect"))
    return frames.stream(documents.followed(request, job_id, source, grace_s, sent_here=True))


@router.get(
    "/{job_id}/stream",
    response_class=StreamingResponse,
    responses={200: ndjson(DocumentFrame, "Frames, a line each.")},
    summary="Follow a document from its beginning",
)
async def get_stream(request: Request, job_id: str, raw: bool = False) -> Response:
    """The frames of a document that was sent before, also after a disconnect or its end."""
    dispatch = dispatch_of(request)
    await asyncio.to_thread(views.options, dispatch.store, job_id)  # what is not there is 404, and no stream
    source = documents.pdf_frames(dispatch.read(job_id, raw))
    grace_s = documents.grace_of(request, at_once=False)
    return frames.stream(documents.followed(request, job_id, source, grace_s, sent_here=False))


@router.get("/{job_id}/artifacts/{name:path}", **ARTIFACT)
@artifacts.get("/api/jobs/{job_id}/artifacts/{name:path}", **ARTIFACT)
async def get_artifact(request: Request, job_id: str, name: str) -> Response:
    """`document.md`, `raw.txt`, `page-N.jpg` with boxes, `images/N_M.jpg`, `layout.pdf`, `document.zip`.

    `plain/page-N.jpg` is a page without boxes, as soon as it is known. Of photos there is `preview/ITEM_ID.jpg`.
    Of a document with many pages parts are asked for: `layout-1-200.pdf`, `document-1-200.zip`.
    """
    file, media_type = await dispatch_of(request).artifact(job_id, name)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Length": str(os.fstat(file.fileno()).st_size)}
    if name.startswith(UNCHANGING):
        headers |= {"Cache-Control": "private, max-age=3600", "Vary": "Authorization, api-key"}
    return StreamingResponse(_chunks(file), media_type=media_type, headers=headers)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk
