"""The web page: built from `frontend/` into `api/web`, or where that was not done a page that says how."""

from collections.abc import Mapping
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)
HERE: Final = Path(__file__).parent.parent
WEB: Final = HERE / "web"
INSTEAD: Final = (HERE / "page.html").read_bytes()
POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
SAFE: Final = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
ASKED_AGAIN: Final = SAFE | {"Cache-Control": "no-cache"}
UNCHANGING: Final = SAFE | {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


@router.get("/")
async def get_page(request: Request) -> Response:
    """HTML, whatever there is."""
    try:
        return await _file(request, "index.html", ASKED_AGAIN)
    except HTTPException:
        return Response(INSTEAD, media_type="text/html; charset=utf-8", headers=ASKED_AGAIN)


@router.get("/photos")
@router.get("/photos/{job_id}")
@router.get("/rescans")
@router.get("/rescans/{job_id}")
@router.get("/read/{job_id}")
@router.get("/search")
@router.get("/people")
@router.get("/people/{person_id}")
@router.get("/system")
async def get_view(request: Request) -> Response:
    """The same page: it looks at its address itself."""
    return await _file(request, "index.html", ASKED_AGAIN)


@router.get("/icon.svg")
async def get_icon(request: Request) -> Response:
    """What browsers show beside the title."""
    return await _file(request, "icon.svg", ASKED_AGAIN)


@router.get("/assets/{name:path}")
async def get_asset(request: Request, name: str) -> Response:
    """Scripts, styles and fonts, whose names change with their content; compressed where the build has done so."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        try:
            packed = await _file(request, f"assets/{name}.gz", UNCHANGING)
        except HTTPException:
            pass
        else:
            packed.headers["Content-Encoding"] = "gzip"
            packed.headers["Content-Type"] = guess_type(name)[0] or "application/octet-stream"
            return packed
    return await _file(request, f"assets/{name}", UNCHANGING)


async def _file(request: Request, name: str, headers: Mapping[str, str]) -> Response:
    """A file of the built page. Raises HTTPException 404, also for a path that leads out of it."""
    answer = await StaticFiles(directory=WEB, check_dir=False).get_response(name, request.scope)
    answer.headers.update(headers)
    return answer
