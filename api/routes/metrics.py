"""Prometheus."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.scrape import Scrape

router = APIRouter(tags=["health"])


@router.get("/metrics", summary="Prometheus")
@router.get("/api/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """The text format of Prometheus."""
    scrape: Scrape = request.app.state.scrape
    return Response(await scrape.text(), media_type=CONTENT_TYPE_LATEST)
