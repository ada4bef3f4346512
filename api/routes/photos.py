"""One photo, answered when it is done."""

import asyncio
from typing import Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from api import vectors
from api.errors import respond
from api.frames import result
from api.routes.jobs import accepted
from api.schemas.errors import REFUSED
from api.schemas.forms import FileForm, body
from api.schemas.jobs import Job
from api.schemas.photos import Photo, TextVector
from api.security import NativeKey
from api.state import dispatch_of
from api.uploads import read_one
from tasks import analyses
from tasks.requests import PhotoAnswer


class TextQuery(BaseModel):
    """What is looked for."""

    text: str = Field(max_length=10_000)
    model: str | None = Field(default=None, max_length=128)
    language: str | None = Field(default=None, max_length=16, description="Such as `de`; only some models ask.")


router = APIRouter(prefix="/api", tags=["photos"], dependencies=[NativeKey], responses=REFUSED)


@router.post(
    "/photos",
    openapi_extra=body(multipart=FileForm),
    responses={200: {"model": Photo}, 202: {"model": Job, "description": "With `Prefer: respond-async`."}},
    summary="Look at one photo",
)
async def post_photo(
    request: Request,
    tasks: str = Query("ocr", description="Analyses, comma-separated."),
    cache: bool = Query(True, description="false: look again even if the answer is known."),
) -> Response:
    """Answer with all analyses of one picture; with `Prefer: respond-async` it becomes a job (202)."""
    dispatch = dispatch_of(request)
    names = analyses.check(tasks.split(","), dispatch.settings)
    upload = await read_one(request)
    if "respond-async" in request.headers.get("prefer", ""):
        files = [(upload.name, upload.data)]
        options = {} if cache else {"force": True}
        job_id = await asyncio.to_thread(dispatch.submit_uploads, files, names, priority="interactive", options=options)
        return await accepted(request, job_id)
    answer = await dispatch.photo(upload.data, analyses.usual(names), use_cache=cache)
    return respond(200, photo(answer))


@router.post("/text", responses={200: {"model": TextVector}}, summary="The vector of a text, to search photos with")
async def post_text(request: Request, query: TextQuery) -> Response:
    """The CLIP model's vector of a text; `model` must be the one that made the photos' vectors."""
    answer = await dispatch_of(request).text(query.text, query.model, query.language)
    embedding = [vectors.short(number) for number in vectors.numbers(answer.vector)]
    return respond(200, {"embedding": embedding, "model": answer.model})


def photo(answer: PhotoAnswer) -> dict[str, Any]:
    """The native form of an answer."""
    return {
        "sha256": answer.sha256,
        "width": answer.width,
        "height": answer.height,
        "results": {name: result(name, finding) for name, finding in answer.findings.items()},
        "models": {name: finding["model"] for name, finding in answer.findings.items()},
        "cached": list(answer.cached),
        "timing": {"queue_ms": round(answer.queue_s * 1000, 2), "run_ms": round(answer.run_s * 1000, 2)},
    }
