"""Pieces of pages on their way to whoever watches: a stream in Redis for each document.

They are news, not truth: the finished page is in SQL, and a reader who missed a piece gets the rest of the page from
there. So a broker that loses them delays text and loses none.
"""

import contextlib
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import redis

from tasks import events
from tasks.broker import PREFIX

if TYPE_CHECKING:
    import redis.asyncio

REST_S: Final = 0.05
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

    def goes_on_with(self, following: "Piece") -> bool:
        """Whether the other one is of the same page, and stands where this one ends."""
        ends = (self.page, self.text_at + len(self.text), self.raw_at + len(self.raw))
        return ends == (following.page, following.text_at, following.raw_at)

    def __add__(self, following: "Piece") -> "Piece":
        return replace(self, text=self.text + following.text, raw=self.raw + following.raw)


def stream_key(job_id: str) -> str:
    """The stream of a document."""
    return f"{PREFIX}deltas:{job_id}"


class Sender:
    """Sends the pieces of all pages that one process reads, several at a time; its thread ends with the process.

    The first one goes at once, and what comes within REST_S after it goes together: nobody reads faster, and it spares
    most of the work for each token.
    """

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._waiting: dict[tuple[str, int], list[Piece]] = defaultdict(list)
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pieces", daemon=True)

    def add(self, job_id: str, piece: Piece) -> None:
        """Send a piece, soon."""
        with self._lock:
            if not self._thread.ident:
                self._thread.start()
            waiting = self._waiting[job_id, piece.page]
            if waiting and waiting[-1].goes_on_with(piece):
                piece = waiting.pop() + piece
            waiting.append(piece)
        self._some.set()

    def _run(self) -> None:
        while True:
            self._some.wait()
            self._some.clear()
            with self._lock:
                pieces, self._waiting = self._waiting, defaultdict(list)
            try:
                self._send([(job_id, piece) for (job_id, _), some in pieces.items() for piece in some])
            except redis.RedisError as error:
                log.warning("pieces of %d pages are not shown while they are made: %s", len(pieces), error)
            time.sleep(REST_S)

    def _send(self, pieces: list[tuple[str, Piece]]) -> None:
        """In one round trip; without a broker they are dropped, SQL has the pages in the end."""
        sending = self._client.pipeline(transaction=False)
        for job_id, piece in pieces:
            fields: dict[Any, Any] = {"p": piece.page, "t": piece.text, "r": piece.raw}
            fields |= {"at": piece.text_at, "raw_at": piece.raw_at}
            sending.xadd(stream_key(job_id), fields, maxlen=MAX_ENTRIES, approximate=True)
        for job_id in {job_id for job_id, _ in pieces}:
            sending.expire(stream_key(job_id), TTL_S)
            events.announce(sending, job_id)
        sending.execute()


class Writer:
    """Notes where the pieces of one page stand.

    So whoever reads them passes over what a page that is made again says again, and notices what was lost.
    """

    def __init__(self, sender: Sender, job_id: str, page: int) -> None:
        self._sender = sender
        self._job_id = job_id
        self._page = page
        self._text_at = self._raw_at = 0

    def add(self, text: str, raw: str) -> None:
        """Send what comes next."""
        self._sender.add(self._job_id, Piece(self._page, text, raw, self._text_at, self._raw_at))
        self._text_at += len(text)
        self._raw_at += len(raw)


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
