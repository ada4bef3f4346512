"""Jobs: submit, watch, pause, resume, cancel, retry, and their results."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api import batches, frames
from api.batches import Kept
from api.errors import ApiError, respond
from api.schemas.errors import REFUSED
from api.schemas.forms import FilesForm, body
from api.schemas.frames import JobFrame, ndjson
from api.schemas.jobs import DryRun, Job, JobPage, Kind, State
from api.schemas.results import Item
from api.security import NativeKey, settings_of
from api.state import dispatch_of
from api.times import iso
from api.uploads import read_many
from tasks import events, views

router = APIRouter(prefix="/api/jobs", tags=["jobs"], dependencies=[NativeKey], responses=REFUSED)
RESULTS_PAGE = 1000
MOST = 2**31 - 1
"""As many frames as a job can have."""
JSONL = ("application/jsonl", "application/x-ndjson", "application/x-jsonlines")
Pattern = Annotated[str, Field(min_length=1, max_length=1000)]
M = TypeVar("M", bound=BaseModel)


class Rescan(BaseModel):
    """A rescan of a folder under one of LIBRARY_ROOTS."""

    model_config = ConfigDict(extra="forbid")

    library: Kept
    tasks: list[str] = Field(default=["ocr"], min_length=1)
    recursive: bool = True
    include: list[Pattern] = Field(default=[], max_length=100)
    exclude: list[Pattern] = Field(default=[], max_length=100)
    force: bool = False
    priority: Literal["interactive", "bulk"] = "bulk"
    custom_id: Kept | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What its job keeps of it."""
        return self.model_dump(include={"recursive", "include", "exclude", "force"})


class LibraryJob(Rescan):
    """One that begins now, or is only counted."""

    dry_run: bool = False


class UploadOptions(BaseModel):
    """The field `options` of a job of uploads, as JSON."""

    model_config = ConfigDict(extra="forbid")

    force: bool = False
    priority: Literal["interactive", "bulk"] = "bulk"
    custom_id: Kept | None = None


@router.post(
    "",
    status_code=202,
    openapi_extra=body(multipart=FilesForm, json=LibraryJob, jsonl=batches.Line),
    responses={202: {"model": Job}, 200: {"model": DryRun, "description": "The answer to a dry run."}},
    summary="Submit a job: uploads as multipart, a library folder as JSON, a batch as JSONL",
)
async def post_job(request: Request) -> Response:
    """Accept a job; it is kept before this answers."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await accepted(request, await _uploads(request))
    if kind == "application/json":
        return await _library(request)
    if kind in JSONL:
        return await accepted(request, await _batch(request))
    hint = "Send multipart/form-data, application/json or application/jsonl."
    raise ApiError("bad_request", f"Content-Type {kind or 'missing'}.", hint)


async def _uploads(request: Request) -> str:
    files, form = await read_many(request, settings_of(request).max_job_files)
    options = _parse(UploadOptions, str(form.get("options") or "{}").encode())
    tasks = str(form.get("tasks") or request.query_params.get("tasks") or "ocr").split(",")
    return await asyncio.to_thread(
        dispatch_of(request).submit_uploads,
        [(file.name, file.data) for file in files],
        tasks,
        priority=options.priority,
        options={"force": options.force},
        custom_id=options.custom_id,
    )


async def _batch(request: Request) -> str:
    lines = await batches.read(request)
    tasks = list(dict.fromkeys(task for line in lines for task in line.tasks or ())) or ["ocr"]
    return await asyncio.to_thread(dispatch_of(request).submit_batch, lines, tasks)


async def _library(request: Request) -> Response:
    job = _parse(LibraryJob, await request.body())
    if job.dry_run:
        return await _dry_run(request, job)
    job_id = await asyncio.to_thread(
        dispatch_of(request).submit_library,
        job.library,
        job.tasks,
        job.options,
        priority=job.priority,
        custom_id=job.custom_id,
    )
    return await accepted(request, job_id)


async def _dry_run(request: Request, job: LibraryJob) -> Response:
    try:
        counts = await asyncio.to_thread(dispatch_of(request).count_library, job.library, job.tasks, job.options)
    except OSError as error:
        raise ApiError("bad_request", f"The folder cannot be read: {error.strerror}.") from error
    return respond(200, {"dry_run": True, "counts": counts})


@router.get("", responses={200: {"model": JobPage}}, summary="Jobs, newest first")
async def get_jobs(
    request: Request,
    state: State | None = None,
    kind: Kind | None = None,
    limit: int = Query(50, ge=1, le=500),
    cursor: str | None = None,
) -> Response:
    """A page of jobs and the cursor of the next."""
    try:
        listing = partial(views.list_jobs, dispatch_of(request).store, limit, cursor, state=state, kind=kind)
        page, following = await asyncio.to_thread(listing)
    except ValueError as error:
        raise ApiError("bad_request", "cursor: not one of ours.") from error
    return respond(200, {"items": [job(fields) for fields in page], "next": following})


@router.get("/{job_id}", responses={200: {"model": Job}}, summary="One job")
async def get_job(request: Request, job_id: str) -> Response:
    """State and counts of a job."""
    return respond(200, await _job(request, job_id))


@router.post("/{job_id}/{action}", responses={200: {"model": Job}}, summary="pause, resume, cancel or retry")
async def post_action(request: Request, job_id: str, action: Literal["pause", "resume", "cancel", "retry"]) -> Response:
    """Change a job's state; 409 where the state does not allow it."""
    await asyncio.to_thread(dispatch_of(request).change, job_id, action)
    return respond(200, await _job(request, job_id))


@router.get(
    "/{job_id}/events",
    response_class=StreamingResponse,
    responses={200: ndjson(JobFrame, "Frames, a line each.")},
    summary="Frames as NDJSON",
)
async def get_events(
    request: Request, job_id: str, after: int = Query(0, ge=0, le=MOST), follow: bool = True
) -> Response:
    """Every frame after a number; with `follow` until the job ends. Reconnect with `after` to miss none."""
    dispatch = dispatch_of(request)
    await asyncio.to_thread(events.frames, dispatch.store, job_id, after, 1)  # 404 before the stream begins
    source = dispatch.follow(job_id, after, follow)

    async def native() -> AsyncIterator[dict[str, Any] | None]:
        async for frame in source:
            yield frames.item(frame) if frame is not None and frame["type"] == "item" else frame

    return frames.stream(native())


@router.get(
    "/{job_id}/results",
    response_class=StreamingResponse,
    responses={200: ndjson(Item, "Finished items, a line each.")},
    summary="Finished items as NDJSON",
)
async def get_results(
    request: Request,
    job_id: str,
    after: int = Query(0, ge=0, le=MOST),
    limit: int = Query(RESULTS_PAGE, ge=1, le=10_000),
    status: Literal["done", "failed"] | None = None,
) -> Response:
    """A page of finished items, in the order in which they finished; by `status` only those."""
    page = await asyncio.to_thread(views.finished, dispatch_of(request).store, job_id, after, limit, status)
    lines = b"".join(frames.encode(frames.item(fields)) for fields in page)
    return Response(lines, media_type=frames.NDJSON, headers=frames.HEADERS)


async def accepted(request: Request, job_id: str) -> Response:
    """202 with the job."""
    return respond(202, await _job(request, job_id), {"Location": f"/api/jobs/{job_id}"})


async def _job(request: Request, job_id: str) -> dict[str, Any]:
    return job(await asyncio.to_thread(views.job, dispatch_of(request).store, job_id))


def job(fields: dict[str, Any]) -> dict[str, Any]:
    """A job in the native form: times as ISO 8601, with its links."""
    base = f"/api/jobs/{fields['task_id']}"
    times = {key: iso(fields[key]) for key in ("created_at", "started_at", "finished_at")}
    links = {
        "self": base,
        "events": f"{base}/events",
        "results": f"{base}/results",
        "jsonl": f"{base}/results.jsonl",
        "csv": f"{base}/results.csv",
        "cancel": f"{base}/cancel",
        "result": f"/result/{fields['task_id']}",
    }
    return {**fields, **times, "links": links}


def _parse(model: type[M], raw: bytes) -> M:
    try:
        return model.model_validate(orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        raise ApiError("bad_request", f"The JSON cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ApiError("bad_request", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
