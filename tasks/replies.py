"""The way back: one list in Redis for each API process, read by one blocked call, handed to whoever waits."""

import asyncio
import logging
import uuid
from typing import Any

import orjson
import redis
import redis.asyncio

from tasks.broker import reply_key

log = logging.getLogger(__name__)


class Replies:
    """Answers to the requests of this process."""

    def __init__(self, client: "redis.asyncio.Redis") -> None:
        self.key = reply_key(uuid.uuid4().hex)
        self._client = client
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def expect(self, request_id: str) -> asyncio.Future[dict[str, Any]]:
        """A future that the answer to a request will fulfil; `forget` it in the end."""
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        return future

    def forget(self, request_id: str) -> None:
        """Nobody waits for this answer any more."""
        self._waiting.pop(request_id, None)

    async def run(self) -> None:
        """Read answers until cancelled; an outage of the broker is waited out."""
        while True:
            try:
                found: Any = await self._client.blmpop(4, 1, self.key, direction="RIGHT", count=64)
            except (redis.RedisError, OSError) as error:
                log.warning("broker does not answer, waiting for it: %s", error)
                await asyncio.sleep(0.5)
                continue
            for raw in found[1] if found else ():
                body = orjson.loads(raw)
                future = self._waiting.pop(body["id"], None)
                if future is not None and not future.done():
                    future.set_result(body)
