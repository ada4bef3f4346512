"""The page that a person opens to see whether the service runs."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)
PAGE: Final = (Path(__file__).parent.parent / "page.html").read_bytes()


@router.get("/")
async def get_page() -> Response:
    """HTML."""
    return Response(PAGE, media_type="text/html; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})
