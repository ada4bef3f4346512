"""One service per data folder: a lock that ends with its holder, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataFolderInUse(Exception):
    """Another service holds the folder; the message names it and the way out."""


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold `folder` until the block or the process ends. Raises DataFolderInUse, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(folder / "darkroom.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise DataFolderInUse(
                f"The data folder {folder} is already in use by process {holder}. "
                "Stop that Darkroom first, or choose another folder with --data."
            ) from None
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(file)  # the file stays: removing it would let two services lock two files of one name
