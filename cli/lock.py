"""One service per data folder: a lock that ends with its holder, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataFolderInUse(Exception):
    """Another service holds the folder; the message names it and the way out."""


def holder(folder: Path) -> str | None:
    """The process that holds `folder`, None where nobody does; nothing is changed by asking."""
    try:
        file = os.open(folder / "darkroom.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _process(file)
    finally:
        os.close(file)
    return None


def _process(file: int) -> str:
    return os.pread(file, 32, 0).decode("ascii", "replace").strip() or "unknown"


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold `folder` until the block or the process ends. Raises DataFolderInUse, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(folder / "darkroom.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataFolderInUse(
                f"The data folder {folder} is already in use by process {_process(file)}. "
                "Stop that Darkroom first, or choose another folder with --data."
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)  # the file stays: removing it would let two services lock two files of one name
