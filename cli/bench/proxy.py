"""Stands between a service and its document engine while both are measured, and notes when the first token passes."""

import asyncio
import contextlib
import re
import threading
import time
from typing import Final
from urllib.parse import urlsplit

CONTENT: Final = re.compile(rb'"content": ?"[^"]')
PIECE: Final = 65_536


class Proxy:
    """Passes bytes on, unchanged, in a thread of its own.

    Attributes:
        url: of the proxy, as `LLM_BASE_URL` has it.
        first_tokens: `time.monotonic()` of the first piece of text on each connection's latest answer, in order.
    """

    def __init__(self, target: str) -> None:
        """Take the engine's URL; it listens when this returns. Raises OSError."""
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._path = parts.path
        self.first_tokens: list[float] = []
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self._path}"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="proxy")
        self._thread.start()

    def close(self) -> None:
        """Stop; connections that are open break."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        open_now = asyncio.all_tasks() - {asyncio.current_task()}
        for task in open_now:
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)
        await asyncio.sleep(0.01)  # transports close in the loop's next rounds

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        waiting = [False]
        with contextlib.suppress(OSError, asyncio.CancelledError):
            engine_reader, engine_writer = await asyncio.open_connection(self._host, self._port)
            try:
                await asyncio.gather(
                    self._ask(reader, engine_writer, waiting), self._answer(engine_reader, writer, waiting)
                )
            finally:
                engine_writer.close()
        writer.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: list[bool]) -> None:
        while piece := await reader.read(PIECE):
            waiting[0] = True
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: list[bool]) -> None:
        while piece := await reader.read(PIECE):
            if waiting[0] and CONTENT.search(piece):
                self.first_tokens.append(time.monotonic())
                waiting[0] = False
            writer.write(piece)
            await writer.drain()
        writer.close()
