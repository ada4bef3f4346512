"""Uploads are limited before they are read."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ApiError, body, respond

DRAIN_BYTES = 8 * 2**20
"""So much of a refused upload is read and thrown away, so that most clients see the answer and not a broken pipe."""


class UploadLimit:
    """Refuse a body over the limit with 413: at once by its announced length, else while it comes in."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self.max_bytes:
            await self._refuse(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.max_bytes:
                await self._drain(receive)
                raise self._error()
            return message

        await self.app(scope, counted, send)

    def _error(self) -> ApiError:
        return ApiError(
            "too_large",
            f"The upload is over {self.max_bytes // 2**20} MiB.",
            "MAX_UPLOAD_MB raises the limit.",
            {"Connection": "close"},
        )

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._drain(receive)
        error = self._error()
        answer = respond(413, body(error.code, str(error), error.hint), error.headers)
        await answer(scope, receive, send)

    async def _drain(self, receive: Receive) -> None:
        drained = 0
        while drained < DRAIN_BYTES:
            message = await receive()
            drained += len(message.get("body", b""))
            if message["type"] == "http.disconnect" or not message.get("more_body"):
                return
