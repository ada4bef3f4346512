"""Uploaded bytes, kept until a worker has read them.

A blob's key starts with the sha256 of its content. Blobs of jobs are shared by content; a request that is answered at
once has a blob of its own, so that it can be removed with the answer.
"""

import contextlib
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tasks.errors import BlobMissing, SpoolFull

MIN_FREE_BYTES = 64 * 2**20


class Spool:
    """Blobs as files of one folder.

    Args:
        url: `file:///folder`.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "file" or not parts.path:
            raise ValueError(f"BLOB_URL {url!r} is not understood. Use file:///an/absolute/folder.")
        self.folder = Path(unquote(parts.path))
        self._root = str(self.folder)

    def put(self, data: bytes, sha256: str, owner: str = "") -> str:
        """Keep bytes under their hash and return the key; with `owner` it is a copy of its own.

        Raises:
            SpoolFull: when the disk has no room.
        """
        key = f"{sha256}-{owner}" if owner else sha256
        path = self.path(key)
        if not owner:
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)
                return key
        # What is shared by its content appears at once; a request's own copy is read only after it was written.
        partial = path if owner else path.with_name(f".{uuid.uuid4().hex}")
        try:
            self._write(partial, data)
            if partial != path:
                partial.rename(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise SpoolFull(f"The upload could not be kept: {error.strerror}.") from error
        return key

    def _write(self, path: Path, data: bytes) -> None:
        try:
            room = os.statvfs(self._root)
            if room.f_bavail * room.f_frsize < MIN_FREE_BYTES + len(data):
                raise SpoolFull("The disk that holds uploads is full.", f"Make room under {self.folder}.")
            path.write_bytes(data)
        except FileNotFoundError:  # the first blob of this folder
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def get(self, key: str) -> bytes:
        """The bytes of a key. Raises BlobMissing."""
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError as error:
            raise BlobMissing("The upload is no longer there.", "Send the picture again.") from error

    def delete(self, key: str) -> None:
        """Remove a blob, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()

    def path(self, key: str) -> Path:
        """The file of a key."""
        if not key.replace("-", "").isalnum():
            raise BlobMissing(f"{key!r} is no blob's key.")
        return Path(f"{self._root}/{key[:2]}/{key}")

    def sweep(self, older_than_s: float, needed: Callable[[list[str]], set[str]]) -> int:
        """Remove blobs, and left-over partial files, that nobody has put for so many seconds and nobody needs.

        Args:
            needed: tells which of some keys must stay.
        """
        limit = time.time() - older_than_s
        old: dict[str, Path] = {}
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < limit:
                    old[path.name] = path
        removed = 0
        for name in set(old) - needed(list(old)):
            with contextlib.suppress(FileNotFoundError):
                if old[name].stat().st_mtime < limit:  # nobody has put it again meanwhile
                    old[name].unlink()
                    removed += 1
        return removed
