"""The API for people: its description in Swagger UI, all of it from this host.

Swagger UI's files come with the wheel `fastapi-offline`; nothing else of that package is used.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.staticfiles import StaticFiles

from api.routes.page import ASKED_AGAIN, HERE

router = APIRouter(prefix="/api/docs", include_in_schema=False)
PAGE: Final = (HERE / "docs.html").read_bytes()
START: Final = (HERE / "docs.js").read_bytes()


def _carried() -> Path:
    """The folder of Swagger UI's files; the package around it is not imported."""
    spec = find_spec("fastapi_offline")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "static"


SWAGGER_UI: Final = StaticFiles(directory=_carried())


@router.get("")
async def get_docs() -> Response:
    """The page."""
    return Response(PAGE, media_type="text/html; charset=utf-8", headers=ASKED_AGAIN)


@router.get("/start.js")
async def get_start() -> Response:
    """What sets it going: the page itself may run no script of its own."""
    return Response(START, media_type="text/javascript; charset=utf-8", headers=ASKED_AGAIN)


@router.get("/swagger-ui.css")
@router.get("/swagger-ui-bundle.js")
async def get_swagger_ui(request: Request) -> Response:
    """Swagger UI itself."""
    answer = await SWAGGER_UI.get_response(request.url.path.rpartition("/")[2], request.scope)
    answer.headers.update(ASKED_AGAIN)
    return answer
