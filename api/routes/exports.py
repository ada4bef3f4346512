"""Results of a job as a file: JSONL, exactly as the results are, CSV for a spreadsheet, Parquet for programs."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from api import frames
from api.parquet import ParquetFile
from api.schemas.errors import REFUSED
from api.schemas.forms import file
from api.schemas.frames import ndjson
from api.schemas.results import Item
from api.security import NativeKey
from api.state import dispatch_of
from tasks import views
from tasks.store.session import Store

router = APIRouter(prefix="/api/jobs", tags=["jobs"], dependencies=[NativeKey], responses=REFUSED)
PAGE: Final = 500
FORMULA: Final = (*"=+-@＝＋－＠", "\t", "\r", "\n")
"""What a spreadsheet may take for the beginning of a formula."""
Encode = Callable[[list[dict[str, Any]]], bytes]
COLUMNS: Final = (
    "seq", "item_id", "name", "custom_id", "page", "sha256", "width", "height", "status",
    "error_code", "error_message", "ocr_text", "clip_embedding", "clip_model", "faces",
)  # fmt: skip


@router.get(
    "/{job_id}/results.jsonl",
    response_class=StreamingResponse,
    responses={200: ndjson(Item, "Finished items, a line each.")},
    summary="All finished items as JSONL",
)
async def get_jsonl(request: Request, job_id: str) -> StreamingResponse:
    """The lines of `results`, all of them."""
    return await _file(request, job_id, "jsonl", frames.NDJSON, lambda rows: b"".join(map(frames.encode, rows)))


@router.get(
    "/{job_id}/results.csv",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
    summary="All finished items as CSV",
)
async def get_csv(request: Request, job_id: str) -> StreamingResponse:
    """One line an item, with a header line; text that a spreadsheet would take for a formula begins with a `'`."""
    return await _file(request, job_id, "csv", "text/csv; charset=utf-8", _csv, _line([COLUMNS]))


@router.get(
    "/{job_id}/results.parquet",
    response_class=StreamingResponse,
    responses={200: file("application/vnd.apache.parquet")},
    summary="All finished items as Parquet",
)
async def get_parquet(request: Request, job_id: str) -> StreamingResponse:
    """One row an item, vectors as lists of float32; see `ParquetFile` for the columns."""
    file = await asyncio.to_thread(ParquetFile)
    media = "application/vnd.apache.parquet"
    return await _file(request, job_id, "parquet", media, file.rows, file.head(), file.end)


async def _file(
    request: Request,
    job_id: str,
    kind: str,
    media: str,
    encode: Encode,
    head: bytes = b"",
    end: Callable[[], bytes] = bytes,
) -> StreamingResponse:
    store = dispatch_of(request).store
    first = await asyncio.to_thread(_page, store, job_id, 0)  # 404 before the stream begins

    async def parts() -> AsyncIterator[bytes]:
        yield head
        page = first
        while page:
            yield await asyncio.to_thread(encode, page)
            page = await asyncio.to_thread(_page, store, job_id, page[-1]["seq"])
        yield end()

    disposition = {"Content-Disposition": f'attachment; filename="{job_id}.{kind}"'}
    return StreamingResponse(parts(), media_type=media, headers=frames.HEADERS | disposition)


def _page(store: Store, job_id: str, after: int) -> list[dict[str, Any]]:
    return [frames.item(fields) for fields in views.finished(store, job_id, after, PAGE)]


def _csv(rows: list[dict[str, Any]]) -> bytes:
    return _line(_cells(row) for row in rows)


def _cells(row: dict[str, Any]) -> list[Any]:
    found, error = row.get("results") or {}, row.get("error") or {}
    clip = found.get("clip", {})
    more = {
        "error_code": error.get("code"),
        "error_message": error.get("message"),
        "ocr_text": (row.get("correction") or found.get("ocr", {})).get("text"),
        "clip_embedding": orjson.dumps(clip["embedding"]).decode() if clip else None,
        "clip_model": clip.get("model"),
        "faces": len(found["face"]) if "face" in found else None,
    }
    return [_harmless(more.get(name, row.get(name))) for name in COLUMNS]


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _line(rows: Iterable[Iterable[Any]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
