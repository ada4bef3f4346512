"""Pieces of pages on their way to whoever watches: a stream in Redis for each document.

They are news, not truth: the finished page is in SQL, and a reader who missed a piece gets the rest of the page from
there. So a broker that loses them delays text and loses none.
"""

import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import redis

from tasks import events
from tasks.broker import PREFIX

if TYPE_CHECKING:
    import redis.asyncio

FLUSH_S: Final = 0.03
MAX_ENTRIES: Final = 200_000
TTL_S: Final = 3600
ENDED_TTL_S: Final = 30
READ: Final = 512
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a page's text, clean and as the engine said it, and where in them it stands, in characters."""

    page: int
    text: str
    raw: str
    text_at: int
    raw_at: int


def stream_key(job_id: str) -> str:
    """The stream of a document."""
    return f"{PREFIX}deltas:{job_id}"


class Writer:
    """Sends the pieces of one page, several at a time.

    Each says where it stands: so whoever reads them passes over what a page that is made again says again, and notices
    what was lost.
    """

    def __init__(self, client: "redis.Redis", job_id: str, page: int) -> None:
        self._client = client
        self._job_id = job_id
        self._page = page
        self._text: list[str] = []
        self._raw: list[str] = []
        self._text_at = self._raw_at = 0
        self._flushed_at = 0.0

    def add(self, text: str, raw: str) -> None:
        """Send a piece, now or with the next ones."""
        self._text.append(text)
        self._raw.append(raw)
        if time.monotonic() - self._flushed_at >= FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """Send what is there; without a broker it is dropped, SQL has the page in the end."""
        text, raw = "".join(self._text), "".join(self._raw)
        self._text, self._raw = [], []
        self._flushed_at = time.monotonic()
        if not text and not raw:
            return
        fields: dict[Any, Any] = {"p": self._page, "t": text, "r": raw, "at": self._text_at, "raw_at": self._raw_at}
        self._text_at += len(text)
        self._raw_at += len(raw)
        key = stream_key(self._job_id)
        try:
            sending = self._client.pipeline(transaction=False)
            sending.xadd(key, fields, maxlen=MAX_ENTRIES, approximate=True)
            sending.expire(key, TTL_S)
            sending.execute()
        except redis.RedisError as error:
            log.warning("a piece of page %d is not shown while it is made: %s", self._page, error)
            return
        events.wake(self._client, self._job_id)


def forget(client: "redis.Redis", job_id: str) -> None:
    """A document has ended: who still reads it finds all its pages in SQL."""
    with contextlib.suppress(redis.RedisError):
        client.expire(stream_key(job_id), ENDED_TTL_S)


async def read(client: "redis.asyncio.Redis", job_id: str, after: str) -> tuple[list[Piece], str]:
    """Pieces after a position of the stream ("0" is its beginning), and the new position; none without a broker."""
    low = "-" if after == "0" else f"({after}"
    try:
        entries: Any = await client.xrange(stream_key(job_id), min=low, count=READ)
    except (redis.RedisError, OSError):
        return [], after
    return list(_parse(entries)), entries[-1][0].decode() if entries else after


def _parse(entries: Any) -> Iterator[Piece]:
    for _, fields in entries or ():
        at, raw_at = int(fields[b"at"]), int(fields[b"raw_at"])
        yield Piece(int(fields[b"p"]), fields[b"t"].decode(), fields[b"r"].decode(), at, raw_at)
