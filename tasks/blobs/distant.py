"""Blobs that lie elsewhere: programs that read files get a local copy."""

from abc import abstractmethod
from pathlib import Path

from tasks.blobs.base import Blobs, key_of
from tasks.blobs.copies import Copies


class DistantBlobs(Blobs):
    """What a place without files of its own has to say is how bytes are written, and how a blob is removed."""

    def __init__(self, copies: Copies) -> None:
        self._copies = copies

    @abstractmethod
    def _write(self, key: str, data: bytes) -> None:
        """Raises SpoolFull."""

    @abstractmethod
    def _remove(self, key: str) -> None:
        """Remove a blob, if it is there."""

    def put(self, data: bytes, sha256: str, owner: str = "") -> str:
        """As `Blobs.put`."""
        key = key_of(sha256, owner)
        self._write(key, data)
        return key

    def delete(self, key: str) -> None:
        """As `Blobs.delete`."""
        self._remove(key)
        self._copies.drop(key)

    def path(self, key: str) -> Path:
        """As `Blobs.path`."""
        return self._copies.get(key, lambda: self.get(key))

    def keep(self, key: str) -> None:
        """As `Blobs.keep`."""
        self._write(key, self._copies.path(key).read_bytes())
        self._copies.drop(key)
