"""What a request leaves behind: an id in its answer, and where they are wanted a line of the access log and a span."""

import logging
import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.measure import labels_of
from monitoring import context, tracing

HEADER: Final = "X-Request-ID"
log = logging.getLogger("darkroom.access")


class Trail:
    """Gives every request its id, which goes back in X-Request-ID, to the worker, and into every line of the log.

    Args:
        access: whether requests are logged. Such a line has the route's template, never the path or the query.
    """

    def __init__(self, app: ASGIApp, access: bool) -> None:
        self.app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request = context.request_id(headers.get(b"x-request-id", b""))
        # It is not taken back: whoever runs the application logs what escapes from it, and then it is still wanted.
        context.begin(request)
        started, status, size = time.perf_counter(), 499, 0

        async def noted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request.encode())]}
            else:
                size += len(message.get("body", b""))
            await send(message)

        parent = headers.get(b"traceparent", b"").decode("latin-1")
        with tracing.span("request", kind="server", parent=parent) as span:
            try:
                await self.app(scope, receive, noted)
            except Exception:
                status = 500
                raise
            finally:
                if self._access or tracing.on():
                    self._tell(scope, span, status, size, time.perf_counter() - started)

    def _tell(self, scope: Scope, span: tracing.Span, status: int, size: int, seconds: float) -> None:
        method, route = labels_of(scope)
        span.rename(f"{method} {route}")
        span.note(
            {
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "darkroom.request_id": context.current().request,
            }
        )
        if code := errors.code_of(scope):
            span.note({tracing.ERROR: code})
            if errors.status_of(code) >= 500:  # else the caller did wrong, and nothing failed
                span.fail(code)
        if self._access:
            facts = {"method": method, "route": route, "status": status, "seconds": round(seconds, 6), "bytes": size}
            said = "%s %s %d in %.3f s, %d bytes, request %s"
            log.info(said, method, route, status, seconds, size, context.current().request, extra=facts)
