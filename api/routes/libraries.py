"""Folders that may be rescanned."""

import asyncio

from fastapi import APIRouter, Request, Response

from api.errors import ApiError, respond
from api.schemas.errors import REFUSED
from api.schemas.libraries import Folder
from api.security import NativeKey
from api.state import dispatch_of
from tasks.library import folders

router = APIRouter(prefix="/api", tags=["jobs"], dependencies=[NativeKey], responses=REFUSED)


@router.get("/libraries", responses={200: {"model": Folder}}, summary="Folders under LIBRARY_ROOTS")
async def get_libraries(request: Request, path: str = "") -> Response:
    """A folder with its folders and the number of its pictures; without `path` the roots. 403 outside of them."""
    try:
        return respond(200, await asyncio.to_thread(folders.look, path, dispatch_of(request).settings.roots))
    except OSError as error:
        raise ApiError("bad_request", f"The folder cannot be read: {error.strerror}.") from error
