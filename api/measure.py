"""Counts and times requests by route template."""

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring import metrics

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Anybody may make up others."""


class Measure:
    """HTTP metrics of every request; paths without a route count as `unmatched`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 499
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        metrics.HTTP_IN_FLIGHT.inc()
        try:
            await self.app(scope, receive, watched)
        finally:
            metrics.HTTP_IN_FLIGHT.dec()
            path = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in METHODS else "other"
            metrics.HTTP_REQUESTS.labels(method, path, status).inc()
            metrics.HTTP_SECONDS.labels(method, path).observe(time.perf_counter() - started)
