"""Reading uploaded files, after the key was checked and with the size known to be allowed."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api.errors import ApiError
from tasks.names import plain

MULTIPART: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file."""

    name: str
    data: bytes


async def read_form(request: Request, max_files: int = 1) -> FormData:
    """The form of a request.

    Raises:
        ApiError: bad_request for what is no multipart form, or one with too many files.
    """
    try:
        return await request.form(max_files=max_files, max_fields=100)
    except HTTPException as error:
        raise ApiError("bad_request", str(error.detail)) from error


async def read_one(request: Request, *, compat: bool = False) -> Upload:
    """The upload in the field `file`; missing, it is 400 on native routes and the framework's 422 on compat ones."""
    form = await read_form(request)
    file = form.get("file")
    if not isinstance(file, UploadFile):
        if compat:
            raise RequestValidationError([{"type": "missing", "loc": ("body", "file"), "msg": "Field required"}])
        raise ApiError("bad_request", "The form has no field `file` with a picture.", 'curl -F "file=@photo.jpg" ...')
    return await take(file)


async def read_many(request: Request, max_files: int) -> tuple[list[Upload], FormData]:
    """All uploads in the fields `files` (or `file`), and the form with its other fields."""
    form = await read_form(request, max_files)
    files = [f for f in (*form.getlist("files"), *form.getlist("file")) if isinstance(f, UploadFile)]
    if not files:
        raise ApiError("bad_request", "The form has no field `files` with pictures.", 'curl -F "files=@photo.jpg" ...')
    return [await take(file) for file in files], form


async def take(file: UploadFile) -> Upload:
    """An uploaded file, read whole."""
    try:
        name = plain(PurePosixPath((file.filename or "").replace("\\", "/")).name)
        return Upload(name or "upload", await file.read())
    finally:
        await file.close()
