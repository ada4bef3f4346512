"""Files in which the processes of one host count together, so that a scrape of any of them tells sums.

Each process has the lock of a slot for as long as it lives, and the files of its slot. The next process with that slot
counts on in them: however often processes are replaced there are no more files, and no sum ever goes back.
"""

import fcntl
import itertools
import os
from pathlib import Path
from typing import Final

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

from monitoring.cells import cells

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable; without it a process counts for itself alone."""

_SUFFIX: Final = ".slot"


def take() -> None:
    """Take a free slot for this process and count in its files; to be called before the first metric is made."""
    if not (name := os.environ.get(FOLDER)):
        return
    Path(name).mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        file = os.open(Path(name, f"{number}{_SUFFIX}"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _lock(file, fcntl.LOCK_EX):  # until this process ends, however it does
            break
        os.close(file)
    mark_process_dead(number, name)
    values.ValueClass = cells(values.MultiProcessValue(lambda: number))  # type: ignore[no-untyped-call]


def folder() -> Path | None:
    """Where the files are, without what processes that are gone were doing; None where each counts for itself."""
    if not (name := os.environ.get(FOLDER)):
        return None
    for slot in Path(name).glob(f"*{_SUFFIX}"):
        _forget_the_dead(slot)
    return Path(name)


def _forget_the_dead(slot: Path) -> None:
    """What a process was doing when it ended (requests in flight) is no longer being done."""
    file = os.open(slot, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _lock(file, fcntl.LOCK_SH):
            mark_process_dead(slot.stem, slot.parent)
    finally:
        os.close(file)


def _lock(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
