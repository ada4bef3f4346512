"""Blobs as files of one folder: the usual place, where the API and its workers share a disk."""

import contextlib
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from tasks.blobs.base import Blobs, checked, gone, key_of
from tasks.errors import BlobMissing, SpoolFull

MIN_FREE_BYTES = 64 * 2**20


class Spool(Blobs):
    """Blobs as files of one folder.

    Args:
        url: `file:///folder`.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "file" or not parts.path:
            raise ValueError(
                f"BLOB_URL {url!r} is not understood. Use file:///an/absolute/folder, redis://... or s3://..."
            )
        self.folder = Path(unquote(parts.path))
        self._root = str(self.folder)

    def put(self, data: bytes, sha256: str, owner: str = "") -> str:
        """Keep bytes under their hash and return the key; with `owner` it is a copy of its own.

        Raises:
            SpoolFull: when the disk has no room.
        """
        key = key_of(sha256, owner)
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

    def put_secret(self, text: str) -> str:
        """Keep what nobody else may read, such as a document's password, and return its key. Raises SpoolFull."""
        key = self.put(b"", uuid.uuid4().hex, owner="secret")
        path = self.path(key)
        path.chmod(0o600)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return key

    def get(self, key: str) -> bytes:
        """The bytes of a key. Raises BlobMissing."""
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError as error:
            raise gone() from error

    def take(self, key: str) -> BinaryIO:
        """A blob that is gone once it has been read, however that ends. Raises BlobMissing."""
        try:
            file = self.path(key).open("rb")
        except FileNotFoundError as error:
            raise BlobMissing("It is no longer there.", "Ask for it again.") from error
        self.delete(key)  # an open file stays until it is closed
        return file

    def delete(self, key: str) -> None:
        """Remove a blob, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()

    def path(self, key: str) -> Path:
        """The file of a key."""
        return Path(f"{self._root}/{checked(key)[:2]}/{key}")

    def keep(self, key: str) -> None:
        """Nothing is left to do: the file of a key is the blob."""

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
