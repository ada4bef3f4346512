"""One streamed completion: made in the thread of an event loop, read in the caller's.

A thread that waits on a socket cannot be told to stop; a task of an event loop can. So the caller looks at the clock
and at `cancelled` however silent the server is, and leaving closes the connection at once, which is how a server
learns that it may stop.
"""

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

import orjson

from engines.document.endpoints import EndpointBroken
from engines.document.errors import PageCancelled
from engines.document.remote_errors import translate
from engines.errors import InferenceFailed

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    _Item = dict[str, Any] | Exception | None

LOOK_S: Final = 0.1
# How an answer ends that is whole, or as long as the server allows.
ENDS: Final = ("stop", "length")
# So long a page rests between two pieces: nobody reads faster, and it spares most of the work for each token. What has
# come meanwhile is taken up within AT_ONCE_S.
REST_S: Final = 0.04
AT_ONCE_S: Final = 0.005
AT_FIRST: Final = 2
_DONE: Final = None


class Loop:
    """An event loop in a thread of its own; the thread ends with the process, or with `close`."""

    def __init__(self) -> None:
        """Start it."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="document engine", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, None]) -> "Future[None]":
        """Begin some work; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End what runs, and the thread."""

        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self.start(end()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Completion:
    """One answer while it comes.

    Attributes:
        prompt_tokens: by the server's own count, 0 until it tells at the end.
        completion_tokens: likewise; before the end, the pieces so far, which a server sends one a token.
        cut: the answer is as long as the server allows, and not at its end.
    """

    def __init__(self, loop: Loop, client: "AsyncOpenAI", request: dict[str, Any]) -> None:
        """Send a request; `request` is for `chat.completions.create` with `stream=True`."""
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cut = False
        self._ended = False
        self._items: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._work = loop.start(self._receive(client, request))

    def pieces(
        self, cancelled: Callable[[], bool], idle_s: float, deadline: float, last_heard: Callable[[], float]
    ) -> Generator[str, None, None]:
        """The text, piece by piece; leaving early closes the connection.

        Args:
            cancelled: asked at every piece, and ten times a second while none comes.
            idle_s: seconds without a piece after which the server counts as dead.
            deadline: `time.monotonic()` at which the page has taken too long.
            last_heard: `time.monotonic()` at which the server sent anything for any page; a page that it has not begun
                may be waiting its turn while others are read.

        Raises:
            PageCancelled: `cancelled` came true.
            EndpointTrouble: as `remote_errors.translate`; also when it is silent, or ends in the middle.
            InferenceFailed: the deadline passed, or the server refuses the request.
        """
        heard = time.monotonic()
        try:
            while True:
                items = self._next()
                if cancelled():
                    raise PageCancelled("the page was cancelled")
                now = time.monotonic()
                if now >= deadline:
                    raise InferenceFailed("The document engine took too long.", "LLM_TIMEOUT_S allows more.")
                if items:
                    heard = now
                    text, error = self._join(items)
                    if text:
                        yield text
                    if error is not None:
                        raise error
                    if items[-1] is _DONE:
                        return self._check_end()
                elif now - (heard if self.completion_tokens else max(heard, last_heard())) >= idle_s:
                    raise EndpointBroken(f"silent for {idle_s:g} s", begun=True)
        finally:
            self._work.cancel()

    def _check_end(self) -> None:
        if not self._ended:
            raise EndpointBroken("the answer broke off", begun=True)

    def _next(self) -> "list[_Item]":
        """What has come, at least one unless nothing comes for a while."""
        items: list[_Item] = []
        try:
            items.append(self._items.get(timeout=LOOK_S))
            while True:
                items.append(self._items.get_nowait())
        except queue.Empty:
            return items

    def _join(self, items: "list[_Item]") -> tuple[str, Exception | None]:
        """The text of some chunks, and what `translate` makes of an exception behind them."""
        texts: list[str] = []
        for item in items:
            if isinstance(item, Exception):
                return "".join(texts), translate(item, begun=self.completion_tokens > 0)
            if item is not _DONE:
                texts.append(self._read(item))
        return "".join(texts), None

    def _read(self, item: "dict[str, Any]") -> str:
        """The text of one chunk."""
        if usage := item.get("usage"):
            self.prompt_tokens = int(usage["prompt_tokens"])
            self.completion_tokens = int(usage["completion_tokens"])
        for choice in item.get("choices", ())[:1]:
            if finish := choice.get("finish_reason"):
                self._ended = finish in ENDS
                self.cut = finish == "length"
            if text := (choice.get("delta") or {}).get("content"):
                self.completion_tokens += 1
                return str(text)
        return ""

    async def _receive(self, client: "AsyncOpenAI", request: dict[str, Any]) -> None:
        """Read lines of the stream: a typed chunk for each token costs more than all else that we do for it."""
        try:
            async with client.chat.completions.with_streaming_response.create(**request) as answer:
                async for line in _lines(answer):
                    name, _, data = line.partition(":")
                    if name == "data":
                        if data.strip() == "[DONE]":
                            break
                        self._items.put(_parse(data, answer.http_request))
        except Exception as error:  # noqa: BLE001  the reader raises it in its own thread
            self._items.put(error)
        self._items.put(_DONE)


async def _lines(answer: Any) -> AsyncIterator[str]:
    """The lines of an answer. Raises APIConnectionError where the connection breaks."""
    import openai

    rested_at, seen = float("-inf"), 0
    try:
        async for line in answer.iter_lines():
            yield line
            seen += bool(line)
            # The role and the first word go at once; of what follows, what came now and did not wait for us.
            if line and seen > AT_FIRST and time.monotonic() - rested_at > AT_ONCE_S:
                await asyncio.sleep(REST_S)
                rested_at = time.monotonic()
    except Exception as error:  # of whichever transport the client is built on
        raise openai.APIConnectionError(message=str(error), request=answer.http_request) from error


def _parse(data: str, request: Any) -> dict[str, Any]:
    """One chunk. Raises APIError for an error in its place, ValueError for what is neither."""
    import openai

    chunk = orjson.loads(data)
    if not isinstance(chunk, dict):
        raise ValueError(f"no chunk: {data[:80]!r}")
    if error := chunk.get("error"):
        message = error.get("message") if isinstance(error, dict) else error
        raise openai.APIError(str(message or "an error"), request, body=error)
    return chunk
