"""Batches: JSONL bodies read a line at a time; a line that cannot be used becomes an item that fails and says why."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final

import orjson
from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from api.errors import ApiError
from api.fetch import fetch
from api.security import settings_of
from api.settings import ApiSettings
from api.state import dispatch_of
from tasks import analyses, library
from tasks.dispatch import Dispatch
from tasks.errors import TaskError
from tasks.jobs import NewItem
from tasks.names import storable

AT_ONCE: Final = 8
"""Lines whose pictures are fetched or kept at once, and are in memory."""


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL character")
    return text


Kept = Annotated[str, AfterValidator(_without_nul)]
"""Text that comes back as it was sent, by way of any database."""


class Line(BaseModel):
    """One request: exactly one of `path`, `url` and `image`."""

    model_config = ConfigDict(extra="forbid")

    custom_id: Kept | None = Field(default=None, max_length=1000)
    path: Kept | None = None
    url: Kept | None = None
    image: str | None = Field(default=None, description="base64; a `data:` prefix is allowed")
    tasks: list[str] = Field(default=["ocr"], min_length=1, max_length=20)


async def read(request: Request) -> list[NewItem]:
    """The items of a batch, in order.

    Raises:
        ApiError: bad_request for no lines; too_large for too many. And what keeping a picture raises.
    """
    settings, dispatch = settings_of(request), dispatch_of(request)
    found: list[NewItem] = []
    group: list[bytes] = []
    async for line in _lines(request):
        if len(found) + len(group) >= settings.max_batch_lines:
            raise ApiError(
                "too_large", f"The batch has over {settings.max_batch_lines} lines.", "Send several batches."
            )
        group.append(line)
        if len(group) == AT_ONCE:
            found += await _items(group, len(found), settings, dispatch)
            group = []
    found += await _items(group, len(found), settings, dispatch)
    if not found:
        raise ApiError(
            "bad_request", "The batch has no line.", '{"custom_id":"1","path":"/photos/1.jpg","tasks":["ocr"]}'
        )
    return found


async def _lines(request: Request) -> AsyncIterator[bytes]:
    """Lines that are not blank; the whole body is limited by MAX_UPLOAD_MB, and so is each of them."""
    pieces: list[bytes] = []
    async for chunk in request.stream():
        first, *rest = chunk.split(b"\n")
        pieces.append(first)
        for piece in rest:
            if line := b"".join(pieces).strip():
                yield line
            pieces = [piece]
    if line := b"".join(pieces).strip():
        yield line


async def _items(lines: list[bytes], before: int, settings: ApiSettings, dispatch: Dispatch) -> list[NewItem]:
    return list(await asyncio.gather(*(_item(line, before + n, settings, dispatch) for n, line in enumerate(lines, 1))))


async def _item(raw: bytes, number: int, settings: ApiSettings, dispatch: Dispatch) -> NewItem:
    name, custom_id = f"line {number}", None
    try:
        body = orjson.loads(raw)
        said = body.get("custom_id") if isinstance(body, dict) else None
        custom_id = storable(said) if isinstance(said, str) else None
        line = Line.model_validate(body)
        tasks = analyses.check(line.tasks, dispatch.settings)
        given = [value for value in (line.path, line.url, line.image) if value is not None]
        if len(given) != 1:
            raise ApiError("bad_request", "A line has exactly one of path, url and image.")
        if line.path is not None:
            path = await asyncio.to_thread(library.allowed, Path(line.path), dispatch.settings.roots)
            return NewItem(line.path, path=library.written(str(path)), custom_id=custom_id, tasks=tasks)
        data = await fetch(line.url, settings) if line.url is not None else _decoded(line.image or "")
    except orjson.JSONDecodeError as error:
        return NewItem(name, custom_id=custom_id, error=("bad_request", f"The line is no JSON: {error}"))
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        return NewItem(name, custom_id=custom_id, error=("bad_request", reason))
    except (ApiError, TaskError) as error:
        return NewItem(name, custom_id=custom_id, error=(error.code, str(error)))
    digest = hashlib.sha256(data).hexdigest()
    blob = await asyncio.to_thread(dispatch.spool.put, data, digest)
    return NewItem(line.url or name, blob=blob, sha256=digest, custom_id=custom_id, tasks=tasks)


def _decoded(image: str) -> bytes:
    text = image.partition(",")[2] if image.startswith("data:") else image
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ApiError("bad_request", "image: no base64.") from error
