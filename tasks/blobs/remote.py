"""Blobs wherever fsspec reaches: S3 and what speaks like it, SFTP, a cloud's own store."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from engines.extras import install
from tasks.blobs.base import checked, gone
from tasks.blobs.copies import Copies
from tasks.blobs.distant import DistantBlobs
from tasks.errors import BlobMissing, BlobsDown

WHEN = ("LastModified", "mtime", "last_modified", "updated", "created")
"""File systems call the time of the last writing by different names."""


class RemoteBlobs(DistantBlobs):
    """Blobs as objects `prefix/ab/abcd...` of one bucket or folder."""

    def __init__(self, url: str, copies: Copies) -> None:
        import fsspec

        super().__init__(copies)
        parts = urlsplit(url)
        options = {"use_listings_cache": False, **dict(parse_qsl(parts.query))}
        try:
            self._fs: Any = fsspec.filesystem(parts.scheme, **options)
        except ImportError as error:
            raise ValueError(f"BLOB_URL {parts.scheme}:// needs a package: {error}. For S3: {install('s3')}") from error
        except ValueError as error:
            raise ValueError(f"BLOB_URL {parts.scheme}:// is not understood: {error}.") from error
        if not parts.netloc + parts.path.strip("/"):
            raise ValueError(f"BLOB_URL {url!r} names no bucket or folder.")
        self._root = self._fs._strip_protocol(url.partition("?")[0]).rstrip("/")

    def get(self, key: str) -> bytes:
        """As `Blobs.get`."""
        with _answers():
            return bytes(self._fs.cat_file(self._object(key)))

    def _remove(self, key: str) -> None:
        with contextlib.suppress(BlobMissing), _answers():
            self._fs.rm_file(self._object(key))

    def there(self, keys: Iterable[str]) -> set[str]:
        """As `Blobs.there`."""
        with _answers():
            return {key for key in keys if self._fs.exists(self._object(key))}

    def sweep(self, older_than_s: float, needed: Callable[[list[str]], set[str]]) -> int:
        """As `Blobs.sweep`."""
        self._copies.sweep(older_than_s)
        limit = time.time() - older_than_s
        with _answers():
            listed: dict[str, dict[str, Any]] = self._fs.find(self._root, detail=True)
        old = {name.rpartition("/")[2]: name for name, info in listed.items() if _written_at(info) < limit}
        removed = 0
        for key in set(old) - (needed(list(old)) if old else set()):
            with contextlib.suppress(BlobMissing), _answers():
                if _written_at(self._fs.info(old[key])) < limit:  # nobody has put it again meanwhile
                    self._fs.rm_file(old[key])
                    removed += 1
        return removed

    def _write(self, key: str, data: bytes) -> None:
        with _answers():
            name = self._object(key)
            self._fs.makedirs(name.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(name, data)

    def _object(self, key: str) -> str:
        return f"{self._root}/{checked(key)[:2]}/{key}"


def _written_at(info: dict[str, Any]) -> float:
    at = next((info[name] for name in WHEN if info.get(name) is not None), None)
    if isinstance(at, datetime):
        return at.timestamp()
    return float(at) if isinstance(at, int | float) else time.time()


@contextlib.contextmanager
def _answers() -> Iterator[None]:
    try:
        yield
    except BlobMissing:
        raise
    except FileNotFoundError as error:
        raise gone() from error
    except Exception as error:  # each file system has errors of its own
        raise BlobsDown(*BlobsDown.SAYS) from error
