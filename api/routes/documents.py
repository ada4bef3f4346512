"""Documents: Markdown of a PDF or a picture, streamed or as a job whose items are pages."""

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api import documents, frames
from api.compat.my_ocr import chosen, flag
from api.errors import ApiError
from api.routes.jobs import accepted
from api.security import NativeKey, user_of
from api.state import dispatch_of
from api.uploads import MULTIPART, read_form, take

artifacts = APIRouter(tags=["documents"], dependencies=[NativeKey])
router = APIRouter(prefix="/api/documents", tags=["documents"], dependencies=[NativeKey])
MODE = "document"


@router.post("", openapi_extra=MULTIPART, summary="Read a document")
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
    return frames.stream(documents.guarded(request, dispatch, job_id, source, flag(form, "cancel_on_disconnect")))


@router.get("/{job_id}/stream", summary="Follow a document from its beginning")
async def get_stream(request: Request, job_id: str, raw: bool = False) -> Response:
    """The frames of a document that was sent before, also after a disconnect or its end."""
    dispatch = dispatch_of(request)
    return frames.stream(documents.pdf_frames(dispatch.read(job_id, raw)))


@router.get("/{job_id}/artifacts/{name:path}", summary="Something made of a document")
@artifacts.get("/api/jobs/{job_id}/artifacts/{name:path}", summary="Something made of a document")
async def get_artifact(request: Request, job_id: str, name: str) -> Response:
    """`document.md`, `raw.txt`, `page-N.jpg` with boxes, `images/N_M.jpg`, `layout.pdf` or `document.zip`."""
    data, media_type = await dispatch_of(request).artifact(job_id, name)
    return Response(data, media_type=media_type, headers={"X-Content-Type-Options": "nosniff"})
