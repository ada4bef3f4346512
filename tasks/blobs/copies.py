"""Local copies of blobs that lie elsewhere, for programs that read files: the least recently used go first."""

import contextlib
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tasks.blobs.base import checked
from tasks.errors import SpoolFull

MOST_BYTES: Final = 4 * 2**30


class Copies:
    """A folder of at most so many bytes, and the newest copy; it may be removed at any time."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most_bytes = most_bytes

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

    def sweep(self, older_than_s: float) -> None:
        """Remove copies, and left-over partial files, that nobody has asked for within so many seconds."""
        for used_at, _, path in self._oldest_first():
            if used_at < time.time() - older_than_s:
                path.unlink(missing_ok=True)

    def _oldest_first(self) -> list[tuple[float, int, Path]]:
        found = []
        with contextlib.suppress(FileNotFoundError):
            for path in self.folder.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    found.append((path.stat().st_mtime, path.stat().st_size, path))
        return sorted(found)

    def _make_room(self, size: int) -> None:
        found = self._oldest_first()
        held = sum(each for _, each, _ in found)
        for _, each, path in found:
            if held + size <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            held -= each
