"""What every place for uploads can do."""

import io
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from tasks.errors import BlobMissing


class Blobs(ABC):
    """A place for uploads, shared by the API and all workers.

    Every method may raise BlobsDown where the place does not answer.
    """

    @abstractmethod
    def put(self, data: bytes, sha256: str, owner: str = "") -> str:
        """Keep bytes under their hash and return the key; with `owner` it is a copy of its own. Raises SpoolFull."""

    @abstractmethod
    def get(self, key: str) -> bytes:
        """The bytes of a key. Raises BlobMissing."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove a blob, if it is there."""

    @abstractmethod
    def path(self, key: str) -> Path:
        """A local file with the bytes of a key, for programs that read files. Raises BlobMissing."""

    @abstractmethod
    def keep(self, key: str) -> None:
        """What was written into the file of `path` becomes the blob. Raises SpoolFull."""

    @abstractmethod
    def there(self, keys: Iterable[str]) -> set[str]:
        """Which of these keys have a blob."""

    def is_tight(self) -> bool:
        """Whether a limit of ours leaves less than a tenth of what may be taken."""
        return False

    @abstractmethod
    def sweep(self, older_than_s: float, needed: Callable[[list[str]], set[str]]) -> int:
        """Remove blobs that nobody has put for so many seconds and nobody needs; their number.

        Args:
            needed: tells which of some keys must stay.
        """

    def put_secret(self, text: str) -> str:
        """Keep what nobody else may read, such as a document's password, and return its key. Raises SpoolFull."""
        return self.put(text.encode("utf-8", "surrogatepass"), uuid.uuid4().hex, owner="secret")

    def get_secret(self, key: str) -> str:
        """What was kept so. Raises BlobMissing."""
        return self.get(key).decode("utf-8", "surrogatepass")

    def take(self, key: str) -> BinaryIO:
        """A blob that is gone once it has been read, however that ends. Raises BlobMissing."""
        data = self.get(key)
        self.delete(key)
        return io.BytesIO(data)


def key_of(sha256: str, owner: str) -> str:
    """The key of a blob."""
    return f"{sha256}-{owner}" if owner else sha256


def checked(key: str) -> str:
    """The key, if it is one: it becomes part of a path. Raises BlobMissing."""
    if not key.replace("-", "").isalnum():
        raise BlobMissing(f"{key!r} is no blob's key.")
    return key


def gone() -> BlobMissing:
    """The error for a blob that is not there."""
    return BlobMissing("The upload is no longer there.", "Send the picture again.")
