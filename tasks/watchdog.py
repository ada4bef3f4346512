"""Ends a worker process in which a thread hangs, or that has grown old or large; who supervises it starts the next.

A thread that hangs in native code cannot be stopped, so its process is: at once, after saying what each thread was at.
A process that is only to be replaced is asked to end, which finishes what it has begun and gives back the rest.
"""

import contextlib
import faulthandler
import itertools
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import psutil

from tasks.settings import TaskSettings

HUNG: Final = 75
"""Exit status (EX_TEMPFAIL of sysexits.h) of a process in which a thread hung."""

TELL_S: Final = 5.0
"""A process that hangs has so long to say in the store why it ends."""

YOUNGEST_S: Final = 60.0
"""A process is not replaced for its size before this age, or one whose models are too large would do nothing else."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Work:
    """What one thread is at.

    Attributes:
        what: for the log.
        owner: of the lease that it belongs to, empty for a request.
        item: of the lease.
        spent_s: seconds since its last progress in which the process ran; one that was suspended is not blamed.
    """

    what: str
    owner: str = ""
    item: int = 0
    spent_s: float = 0.0


class Watchdog:
    """Knows what every thread of the process is at."""

    def __init__(self, settings: TaskSettings) -> None:
        self._limit_s = settings.hang_timeout_s
        self._most_items = settings.worker_max_items
        self._most_bytes = settings.worker_max_mb * 2**20
        self._tick_s = min(5.0, self._limit_s / 20)
        self._works: dict[int, Work] = {}
        self._begun = itertools.count(1)
        self._items = 0

    @contextlib.contextmanager
    def at(self, what: str, owner: str = "", item: int = 0) -> Iterator[None]:
        """The calling thread is at something that must get on."""
        thread = threading.get_ident()
        self._works[thread] = Work(what, owner, item)
        self._items = next(self._begun)
        try:
            yield
        finally:
            self._works.pop(thread, None)

    def progress(self) -> None:
        """What the calling thread is at gets on."""
        work = self._works.get(threading.get_ident())
        if work is not None:
            work.spent_s = 0.0

    def start(self, tell: Callable[[list[Work], str], None]) -> None:
        """Watch from a thread of its own until the process ends.

        Args:
            tell: gets what hangs, and how its process dies.
        """
        self._wind_up()
        threading.Thread(target=self._watch, args=(tell,), daemon=True, name="watchdog").start()

    def _watch(self, tell: Callable[[list[Work], str], None]) -> None:
        process, started, asked = psutil.Process(), time.monotonic(), False
        pause = threading.Event()
        while True:
            self._wind_up()
            pause.wait(self._tick_s)
            if hung := self.tick():
                self._end(hung, tell)
            reason = self.outgrown(process.memory_info().rss, time.monotonic() - started)
            if reason and not asked:
                log.warning("%s: this process ends in order and is replaced", reason)
                asked = True
                os.kill(os.getpid(), signal.SIGTERM)

    def _wind_up(self) -> None:
        """Set the timer that ends the process where a thread hangs and holds the interpreter's lock; it is C alone."""
        faulthandler.dump_traceback_later(self._limit_s + 2 * self._tick_s, exit=True)

    def tick(self) -> list[Work]:
        """Count one tick for what every thread is at; what has been going on for too long."""
        works = list(self._works.values())
        for work in works:
            work.spent_s += self._tick_s
        return [work for work in works if work.spent_s >= self._limit_s]

    def outgrown(self, resident: int, age_s: float) -> str | None:
        """Why the process is to be replaced now, in words, if it is.

        Args:
            resident: bytes of memory that it has.
            age_s: seconds since it was started.
        """
        if self._most_items and self._items >= self._most_items:
            return f"{self._items} photos"
        if self._most_bytes and resident > self._most_bytes and self._items and age_s >= YOUNGEST_S:
            return f"{resident >> 20} MiB of memory"
        return None

    def _end(self, hung: list[Work], tell: Callable[[list[Work], str], None]) -> None:
        for work in hung:
            log.error("hangs since %.0f s: %s; this process ends at once and is replaced", work.spent_s, work.what)
        faulthandler.dump_traceback(sys.stderr, all_threads=True)
        # The store may be what hangs, so it is not waited for.
        telling = threading.Thread(target=tell, args=(hung, f"hanging for {self._limit_s:g} s"), daemon=True)
        telling.start()
        telling.join(TELL_S)
        os._exit(HUNG)
