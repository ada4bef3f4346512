"""Counts and times requests by route template, and by the protocol that they speak."""

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from monitoring import metrics

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Anybody may make up others."""

PROTOCOLS: Final = {f"api.compat.{name}": name for name in ("mt_photos", "immich", "my_ocr", "deepseek")}
"""Modules of routes, and what is spoken there; everything else is native."""

LEFT: Final = 499
"""Counted where a client left before an answer began."""


class Measure:
    """HTTP metrics of every request; paths without a route count as `unmatched`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = LEFT
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        metrics.HTTP_IN_FLIGHT.inc()
        try:
            await self.app(scope, receive, watched)
        except Exception:  # answered outside of this
            status = 500
            errors.told(scope, "internal_error")
            raise
        finally:
            metrics.HTTP_IN_FLIGHT.dec()
            _count(scope, status, time.perf_counter() - started)


def _count(scope: Scope, status: int, spent_s: float) -> None:
    method, path = labels_of(scope)
    protocol = PROTOCOLS.get(getattr(getattr(scope.get("route"), "endpoint", None), "__module__", ""), "native")
    metrics.HTTP_REQUESTS.labels(method, path, status).inc()
    metrics.HTTP_SECONDS.labels(method, path).observe(spent_s)
    metrics.COMPAT_REQUESTS.labels(protocol, outcome(status, errors.code_of(scope))).inc()


def labels_of(scope: Scope) -> tuple[str, str]:
    """Method and template of the route of a request; both have few values."""
    method = scope["method"] if scope["method"] in METHODS else "other"
    return method, getattr(scope.get("route"), "path", "unmatched")


def outcome(status: int, code: str | None) -> str:
    """What came of a request; the code counts where a protocol answers errors with 200."""
    meant = errors.status_of(code) if code else status
    if meant == LEFT:
        return "left"
    if meant == 429:
        return "busy"
    if meant >= 500:
        return "failed"
    return "refused" if meant >= 400 else "ok"
