"""Blobs as files of one folder: the usual place, where the API and its workers share a disk."""

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from tasks.blobs.base import Blobs, checked, gone, key_of
from tasks.errors import BlobMissing, SpoolFull

MIN_FREE_BYTES = 64 * 2**20
MEASURE_EVERY_S = 10.0


class Spool(Blobs):
    """Blobs as files of one folder.

    Args:
        url: `file:///folder`.
        most_bytes: of all blobs; 0: as much as the disk has.
    """

    def __init__(self, url: str, most_bytes: int = 0) -> None:
        parts = urlsplit(url)
        if parts.scheme != "file" or not parts.path:
            raise ValueError(
                f"BLOB_URL {url!r} is not understood. Use file:///an/absolute/folder, redis://... or s3://..."
            )
        self.folder = Path(unquote(parts.path))
        self._root = str(self.folder)
        self._most_bytes = most_bytes
        self._held = 0
        self._measure_at = float("-inf")

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
        if not self._has_room(len(data)):
            raise SpoolFull(
                f"Uploads that wait take {self._most_bytes / 2**30:g} GiB already.",
                "Try again when some are done, or raise SPOOL_MAX_GB.",
            )
        self._held += len(data)
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

    def there(self, keys: Iterable[str]) -> set[str]:
        """As `Blobs.there`."""
        return {key for key in keys if self.path(key).exists()}

    def is_tight(self) -> bool:
        """As `Blobs.is_tight`."""
        return not self._has_room(self._most_bytes // 10)

    def _has_room(self, more: int) -> bool:
        """Whether there is room for `more` bytes, by what was measured in the last seconds and what was put since.

        What other processes have put since then is not known, so that an upload does not look at all others.
        """
        if not self._most_bytes:
            return True
        started = time.monotonic()
        if started >= self._measure_at:
            self._held = sum(size for _, size, _ in self._files())
            took = time.monotonic() - started
            self._measure_at = started + max(MEASURE_EVERY_S, 20 * took)
        return self._held + more <= self._most_bytes

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each was put, its size and its path."""
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                yield found.st_mtime, found.st_size, path

    def older_than(self, seconds: float) -> dict[str, Path]:
        """Blobs, and left-over partial files, that nobody has put for so many seconds, by their names."""
        limit = time.time() - seconds
        return {path.name: path for put_at, _, path in self._files() if put_at < limit}

    def sweep(self, older_than_s: float, needed: Callable[[list[str]], set[str]]) -> int:
        """Remove blobs, and left-over partial files, that nobody has put for so many seconds and nobody needs.

        Args:
            needed: tells which of some keys must stay.
        """
        limit = time.time() - older_than_s
        old = self.older_than(older_than_s)
        removed = 0
        for name in set(old) - needed(list(old)):
            with contextlib.suppress(FileNotFoundError):
                if old[name].stat().st_mtime < limit:  # nobody has put it again meanwhile
                    old[name].unlink()
                    removed += 1
        if removed:
            self._measure_at = float("-inf")
        return removed
