"""Processor time and memory of a process and of all that it has started."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

import psutil

from cli.bench.beside import beside

LOOK_S: Final = 1.0
"""Looking costs the machine that is measured something, and the more the more processes there are."""


def cpu_of(process: psutil.Process) -> float:
    """CPU seconds of a process and all that it has started, those included that have ended since."""
    total = 0.0
    for one in tree(process):
        with contextlib.suppress(psutil.NoSuchProcess):
            spent = one.cpu_times()
            total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


def memory_of(process: psutil.Process) -> int:
    """Bytes of memory of the same; pages that several share count once, where the kernel tells."""
    total = 0
    for one in tree(process):
        with contextlib.suppress(psutil.NoSuchProcess):
            try:
                total += int(one.memory_full_info().pss)
            except (AttributeError, psutil.AccessDenied):
                total += int(one.memory_info().rss)
    return total


def tree(process: psutil.Process) -> list[psutil.Process]:
    """A process and what descends from it."""
    return [process, *process.children(recursive=True)]


class Peak:
    """The most memory that was seen.

    Attributes:
        bytes: so far.
    """

    def __init__(self) -> None:
        self.bytes = 0

    @contextlib.contextmanager
    def of(self, process: psutil.Process) -> Iterator[None]:
        """Look at a process again and again while the block runs."""

        def look(enough: threading.Event) -> None:
            while not enough.wait(LOOK_S):
                self.bytes = max(self.bytes, memory_of(process))
            self.bytes = max(self.bytes, memory_of(process))

        with beside(look, "memory"):
            yield
