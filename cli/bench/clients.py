"""Several clients that ask at once, their requests made beforehand and their connections kept open."""

import contextlib
import http.client
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

import psutil

from cli.bench.meter import Peak, cpu_of

WAIT_S = 300


@dataclass(frozen=True, slots=True)
class Request:
    """One call: path with query, headers, and the bytes that are sent."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn came to.

    Attributes:
        rate: answers a second.
        times: seconds that each answer took, sorted.
        cpu: seconds of all processes of the side for an answer; 0 where nobody looked.
    """

    rate: float
    times: list[float]
    cpu: float = 0.0

    @property
    def p50(self) -> float:
        """Seconds."""
        return median(self.times)

    @property
    def p95(self) -> float:
        """Seconds."""
        return self.times[int(len(self.times) * 0.95)]


class Asker:
    """Clients of one server; each thread has a connection."""

    def __init__(self, url: str) -> None:
        self._server = urlsplit(url)
        self._mine = threading.local()
        self._open: list[http.client.HTTPConnection] = []

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._open:
            connection.close()

    def __call__(self, request: Request) -> bytes:
        """The body of the answer. Raises RuntimeError for one that is no answer."""
        if not hasattr(self._mine, "http"):
            host, port = self._server.hostname or "", self._server.port
            self._mine.http = http.client.HTTPConnection(host, port, timeout=WAIT_S)
            self._open.append(self._mine.http)
        self._mine.http.request("POST", request.path, request.body, request.headers)
        answer = self._mine.http.getresponse()
        said: bytes = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{request.path}: HTTP {answer.status}: {said[:300]!r}")
        return said


def turn(
    ask: Callable[[Request], object],
    requests: Sequence[Request],
    clients: int,
    process: psutil.Process | None = None,
    peak: Peak | None = None,
    lead: int = 0,
) -> Turn:
    """Ask for everything once, `clients` at a time.

    Args:
        ask: one request.
        requests: all of them.
        clients: that ask at once.
        process: of the server, whose CPU time is looked at.
        peak: its memory.
        lead: answers at the beginning and at the end that do not count. With as many as there are clients, all of
            them ask throughout what counts.
    """
    clock = _Clock(len(requests), lead, process)

    def one(request: Request) -> None:
        started = time.perf_counter()
        ask(request)
        clock.answered(time.perf_counter() - started)

    with ThreadPoolExecutor(clients) as pool, peak.of(process) if process and peak else contextlib.nullcontext():
        clock.start()
        list(pool.map(one, requests))
    return clock.turn()


class _Clock:
    """Time and CPU time between the two answers that bound what counts."""

    def __init__(self, count: int, lead: int, process: psutil.Process | None) -> None:
        self._first, self._last, self._process = lead, count - lead, process
        self._times: list[float] = []
        self._at: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Nothing is answered yet."""
        self._look(0)

    def answered(self, took: float) -> None:
        """One more."""
        with self._lock:
            self._times.append(took)
            self._look(len(self._times))

    def turn(self) -> Turn:
        """All is answered."""
        wall, spent = (end - begin for begin, end in zip(self._at[self._first], self._at[self._last], strict=True))
        counted = self._times[self._first : self._last]
        return Turn(len(counted) / wall, sorted(counted), spent / len(counted))

    def _look(self, answers: int) -> None:
        if answers in (self._first, self._last):
            self._at[answers] = (time.perf_counter(), cpu_of(self._process) if self._process else 0.0)


class Fresh:
    """Bytes that nobody remembers: the same pictures again and again, each time with another end.

    Args:
        given: pictures or texts.
        marked: texts are remembered by nobody and stay as they are, as a mark would be as long as they are.
    """

    def __init__(self, given: Sequence[bytes], marked: bool = True) -> None:
        self._given = itertools.cycle(given)
        self._marks = (f" {number:x}".encode() if marked else b"" for number in itertools.count(time.time_ns()))

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._given) + next(self._marks)

    def take(self, count: int) -> list[bytes]:
        """So many of them."""
        return list(itertools.islice(self, count))
