"""One openai client for each endpoint, all in the thread of one event loop."""

import threading
from typing import TYPE_CHECKING, Any, Final

from engines.document.remote_stream import Completion, Loop

if TYPE_CHECKING:
    from openai import AsyncOpenAI

CONNECT_S: Final = 5.0
# Servers that check no key want one all the same.
NO_KEY: Final = "none"


class Clients:
    """Made at their first use; thread safe."""

    def __init__(self, api_key: str) -> None:
        """Take the key of all endpoints; empty where they ask for none."""
        self._api_key = api_key or NO_KEY
        self._lock = threading.Lock()
        self._loop: Loop | None = None
        self._clients: dict[str, AsyncOpenAI] = {}

    def complete(self, url: str, request: dict[str, Any]) -> Completion:
        """Send a streaming chat completion to the endpoint at `url`."""
        with self._lock:
            if self._loop is None:
                self._loop = Loop()
            if url not in self._clients:
                self._clients[url] = self._make(url)
            return Completion(self._loop, self._clients[url], request)

    def close(self) -> None:
        """Close all connections and end the thread; a later call starts anew."""
        with self._lock:
            loop, self._loop = self._loop, None
            clients, self._clients = list(self._clients.values()), {}
        if loop is not None:
            for client in clients:
                loop.start(client.close()).result()
            loop.close()

    def _make(self, url: str) -> "AsyncOpenAI":
        import openai

        # How long silence may last is for `Completion.pieces` to say, and what to try again for `Endpoints`.
        timeout = openai.Timeout(None, connect=CONNECT_S)
        return openai.AsyncOpenAI(base_url=url, api_key=self._api_key, timeout=timeout, max_retries=0)
