"""Connections that do not wait for ever: a client sends the headers of a request in time and in bounds, or is cut off.

Uvicorn limits only how long a connection is idle between two requests, and any byte ends that.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 64 * 1024


class Connection(HttpToolsProtocol):
    """One connection; what it owes is the head of a request, or the rest of a body whose request is answered already.

    How fast a body comes that is being read is watched by `UploadLimit`, which can still answer.
    """

    def __init__(self, *args: Any, header_timeout_s: float, **more: Any) -> None:
        """As the server makes it, with the seconds that headers may take."""
        super().__init__(*args, **more)
        self._timeout_s = header_timeout_s
        self._timer: asyncio.TimerHandle | None = None
        self._in_body = False
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The time begins."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is expected any more."""
        self._settle()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes between two requests begin the next one, whatever they are."""
        if not self._in_body:
            self._expect()
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The headers are too long.")

    def on_message_begin(self) -> None:
        """A request begins, perhaps in one piece with the end of the last one."""
        super().on_message_begin()
        self._expect()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._settle()
        self._in_body, self._head_bytes = True, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request is there."""
        self._settle()
        self._in_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Of a request that was answered before its end nobody reads the rest."""
        super().on_response_complete()
        if self._in_body:
            self._expect()

    def _expect(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self._timeout_s, self._late)

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._expect()  # an answer is on its way, which is not to be cut off
        else:
            self.transport.close()
