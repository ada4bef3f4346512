"""Uploads are limited before they are read."""

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import ApiError, body, respond

DRAIN_BYTES = 8 * 2**20
DRAIN_S = 10
"""After its answer so much of a refused upload is read on, so that its sender sees the answer and not a broken pipe."""


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
        taken, refused = 0, False

        async def counted() -> Message:
            nonlocal taken, refused
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.max_bytes:
                refused = True
                raise self._error()
            return message

        async def patient(message: Message) -> None:
            if refused and message["type"] == "http.response.body" and not message.get("more_body"):
                await send({**message, "more_body": True})
                await self._drain(receive)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if announced.isdigit() and int(announced) > self.max_bytes:
            refused = True
            error = self._error()
            answer = respond(413, body(error.code, str(error), error.hint), error.headers)
            await answer(scope, receive, patient)
            return
        await self.app(scope, counted, patient)

    def _error(self) -> ApiError:
        return ApiError(
            "too_large",
            f"The upload is over {self.max_bytes // 2**20} MiB.",
            "MAX_UPLOAD_MB raises the limit.",
            {"Connection": "close"},
        )

    async def _drain(self, receive: Receive) -> None:
        drained = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while drained < DRAIN_BYTES:
                    message = await receive()
                    drained += len(message.get("body", b""))
                    if message["type"] == "http.disconnect" or not message.get("more_body"):
                        return
