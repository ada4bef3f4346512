"""Uploads are limited before they are read: in size, in time, and each caller's of an hour."""

import asyncio
import contextlib
from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import quotas
from api.errors import ApiError, body, respond, told
from api.security import caller_of
from api.settings import ApiSettings

DRAIN_BYTES: Final = 8 * 2**20
DRAIN_S: Final = 10
"""After its answer so much of a refused upload is read on, so that its sender sees the answer and not a broken pipe."""

CHARGED_BYTES: Final = 2**20
"""An upload that does not say how long it is counts piece by piece."""

HOUR_S: Final = 3600


class UploadLimit:
    """Refuse a body over the limit with 413, at once by its announced length; what is slow with 408; too many with 429.

    What is noticed while a body is read is raised where it is read, and so answered in the form of its protocol.
    """

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        upload = _Upload(Request(scope), receive, self.settings)

        async def patient(message: Message) -> None:
            upload.answered = True
            if upload.refused and message["type"] == "http.response.body" and not message.get("more_body"):
                await send({**message, "more_body": True})
                await _drain(receive)
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        if upload.announced > self.settings.max_upload_bytes:
            error = upload.refuse(_too_large(self.settings))
            told(scope, error.code)
            answer = respond(413, body(error.code, str(error), error.hint), error.headers)
            await answer(scope, receive, patient)
            return
        await self.app(scope, upload.receive, patient)


class _Upload:
    """The body of one request as it comes in.

    Attributes:
        announced: its length as its sender says it, 0 where that is not said.
        refused: it is not read to its end, though its sender may go on.
        answered: nobody wants the rest of it.
    """

    def __init__(self, request: Request, receive: Receive, settings: ApiSettings) -> None:
        said = request.headers.get("content-length", "")
        self.announced = int(said) if said.isdecimal() and said.isascii() else 0
        self.refused = self.answered = False
        self._request = request
        self._receive = receive
        self._settings = settings
        self._whole = False
        self._taken = self._charged = 0
        self._left_s = settings.upload_grace_s

    async def receive(self) -> Message:
        """The next piece. Raises ApiError too_large, upload_too_slow, rate_limited."""
        if self._whole or self.answered:
            return await self._receive()
        if self.announced and not self._charged:
            await self._charge(self.announced)
        message = await self._in_time()
        self._taken += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._taken > self._settings.max_upload_bytes:
            raise self.refuse(_too_large(self._settings))
        if (owed := self._taken - self._charged) >= CHARGED_BYTES or (self._whole and owed > 0):
            await self._charge(owed)
        return message

    async def _in_time(self) -> Message:
        """The time that a sender has grows with what it sends, up to what it had at first."""
        rate = self._settings.min_upload_kb_per_s * 1000
        if not rate:
            return await self._receive()
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._left_s):
                message = await self._receive()
        except TimeoutError as error:
            raise _too_slow(self._settings) from error
        earned_s = len(message.get("body", b"")) / rate
        self._left_s = min(self._settings.upload_grace_s, self._left_s - (clock() - began) + earned_s)
        return message

    async def _charge(self, size: int) -> None:
        self._charged += size
        limit = self._settings.upload_limit_mb_per_hour
        if not limit:
            return
        message = f"More than {limit} MiB of uploads in an hour."
        error = ApiError("rate_limited", message, "Try again later.", {"Connection": "close"})
        what = f"upload:{caller_of(self._request)}"
        try:
            await quotas.spend(self._request, what, limit * 2**20, HOUR_S, error, size)
        except ApiError:
            self.refused = True
            raise

    def refuse(self, error: ApiError) -> ApiError:
        """Note that an upload is not read to its end; the reason."""
        self.refused = True
        return error


def _too_large(settings: ApiSettings) -> ApiError:
    said = f"The upload is over {settings.max_upload_mb} MiB."
    return ApiError("too_large", said, "MAX_UPLOAD_MB raises the limit.", {"Connection": "close"})


def _too_slow(settings: ApiSettings) -> ApiError:
    said = f"The upload came slower than {settings.min_upload_kb_per_s:g} kB/s."
    return ApiError("upload_too_slow", said, "MIN_UPLOAD_KB_PER_S lowers the limit.", {"Connection": "close"})


async def _drain(receive: Receive) -> None:
    drained = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            while drained < DRAIN_BYTES:
                message = await receive()
                drained += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
