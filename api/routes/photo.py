"""One photo that is known: what was found in it, again, corrected, or as it was."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response

from api import frames
from api.errors import ApiError, respond
from api.routes.jobs import accepted
from api.schemas.errors import REFUSED
from api.schemas.forms import file
from api.schemas.jobs import Job
from api.schemas.known import KnownPhoto, NewText, Restored
from api.security import NativeKey
from api.state import dispatch_of
from api.times import iso
from tasks import analyses, results
from tasks.again import corrections, restoring, view
from tasks.names import storable

router = APIRouter(prefix="/api/photos/{sha256}", tags=["photos"], dependencies=[NativeKey], responses=REFUSED)
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="Of the photo's bytes, in lower case.")]
KNOWN: Final[dict[int | str, dict[str, Any]]] = {200: {"model": KnownPhoto}}
PRIVATE: Final = {"Cache-Control": "private, max-age=600", "Vary": "Authorization, api-key"}
FORM: Final = "1"
"""Part of a picture's ETag; another one whenever pictures are made in another way."""


@router.get("", responses=KNOWN, summary="What is known of a photo")
async def get_photo(request: Request, sha256: Sha256) -> Response:
    """The findings that it shows, its correction, what was found before, and where it is."""
    return await _known(request, sha256)


@router.get(
    "/picture",
    response_class=Response,
    responses={200: file("image/jpeg"), 304: {"description": "It is the one that `If-None-Match` names."}},
    summary="A small picture of a photo",
)
async def get_picture(request: Request, sha256: Sha256, size: int = Query(512, ge=16, le=2048)) -> Response:
    """A JPEG whose longer side is `size` pixels at most, while the photo's file or upload is there."""
    dispatch = dispatch_of(request)
    await asyncio.to_thread(dispatch.sources.there, sha256)
    tag = f'"{sha256[:32]}-{size}-{FORM}"'
    headers = PRIVATE | {"ETag": tag, "X-Content-Type-Options": "nosniff"}
    asked = [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]
    if tag in asked or "*" in asked:
        return Response(status_code=304, headers=headers)
    return Response(await dispatch.picture(sha256, size), media_type="image/jpeg", headers=headers)


@router.post(
    "/reprocess",
    responses={**KNOWN, 202: {"model": Job, "description": "With `Prefer: respond-async`."}},
    summary="Look at a photo again",
)
async def post_reprocess(
    request: Request,
    sha256: Sha256,
    tasks: str = Query("ocr", max_length=100, description="Analyses, comma-separated."),
    model: str | None = Query(None, min_length=1, max_length=128, description="For the one task that is named."),
) -> Response:
    """What is found replaces what the photo shows, everywhere at once; that goes into its history.

    Answers when it is done; with `Prefer: respond-async` at once, with the job (202).
    """
    dispatch = dispatch_of(request)
    names = analyses.check(tasks.split(","), dispatch.settings)
    if model is not None and len(names) > 1:
        said = f"It is not said for which of {', '.join(names)} the model {model} is."
        raise ApiError("bad_request", said, "Send a request for each task.")
    if "respond-async" in request.headers.get("prefer", ""):
        return await accepted(request, await asyncio.to_thread(dispatch.submit_again, sha256, names, model))
    await dispatch.again(sha256, names, model)
    return await _known(request, sha256)


@router.put("/text", responses=KNOWN, summary="Correct a photo's text")
async def put_text(request: Request, sha256: Sha256, new: NewText) -> Response:
    """It is kept beside what was read, whatever is read later; search and exports prefer it."""
    if len(new.text) > corrections.MOST_CHARACTERS:
        raise ApiError("too_large", f"The text is over {corrections.MOST_CHARACTERS:,} characters.")
    await asyncio.to_thread(corrections.write, dispatch_of(request).store, sha256, storable(new.text))
    return await _known(request, sha256)


@router.delete("/text", responses=KNOWN, summary="Remove the correction of a photo's text")
async def delete_text(request: Request, sha256: Sha256) -> Response:
    """What was read counts again."""
    await asyncio.to_thread(corrections.remove, dispatch_of(request).store, sha256)
    return await _known(request, sha256)


@router.post("/restore", responses=KNOWN, summary="Show an earlier finding again")
async def post_restore(request: Request, sha256: Sha256, which: Restored) -> Response:
    """It replaces what the photo shows, everywhere at once; that goes into the photo's history."""
    await asyncio.to_thread(restoring.restore, dispatch_of(request).store, sha256, which.history)
    return await _known(request, sha256)


async def _known(request: Request, sha256: str) -> Response:
    return respond(200, _native(await asyncio.to_thread(view.look, dispatch_of(request).store, sha256)))


def _native(photo: dict[str, Any]) -> dict[str, Any]:
    findings = {name: results.as_dict(finding) for name, finding in photo.pop("findings").items()}
    past = [
        each | {"created_at": iso(each["created_at"]), "replaced_at": iso(each["replaced_at"])}
        for each in photo["history"]
    ]
    seen_in = [
        {name: value for name, value in each.items() if name != "name"} | {"finished_at": iso(each["finished_at"])}
        for each in photo["tasks_by_job"]
    ]
    return {
        **photo,
        "taken_at": iso(photo["taken_at"]),
        "results": {name: frames.result(name, finding) for name, finding in findings.items()},
        "models": {name: finding["model"] for name, finding in findings.items()},
        "correction": frames.correction(photo["correction"]),
        "history": past,
        "tasks_by_job": seen_in,
    }
