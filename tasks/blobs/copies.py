"""Local copies of blobs that lie elsewhere, for programs that read files: the least recently used go first."""

import contextlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tasks.blobs.base import checked
from tasks.errors import SpoolFull

MOST_BYTES: Final = 4 * 2**30


class Copies:
    """A folder of at most MOST_BYTES, and the newest copy; it may be removed at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Where the copy of a key is, or will be."""
        return self.folder / checked(key)

    def get(self, key: str, fetch: Callable[[], bytes]) -> Path:
        """The copy of a key, fetched where it is not there. Raises SpoolFull, and what `fetch` does."""
        path = self.path(key)
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)
            return path
        data = fetch()
        partial = path.with_name(f".{uuid.uuid4().hex}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._make_room(len(data))
            partial.write_bytes(data)
            partial.rename(path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            message = f"A local copy of an upload could not be kept: {error.strerror}."
            raise SpoolFull(message, f"Make room under {self.folder}.") from error
        return path

    def drop(self, key: str) -> None:
        """Remove a copy, if it is there."""
        self.path(key).unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        found = []
        for path in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append((path.stat().st_mtime, path.stat().st_size, path))
        held = sum(each for _, each, _ in found)
        for _, each, path in sorted(found):
            if held + size <= MOST_BYTES:
                return
            path.unlink(missing_ok=True)
            held -= each
