"""Uploaded bytes, kept until a worker has read them: in a folder, in Redis, or wherever fsspec reaches.

A blob's key starts with the sha256 of its content. Blobs of jobs are shared by content; a request that is answered at
once has a blob of its own, so that it can be removed with the answer.
"""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tasks.blobs.base import Blobs
from tasks.blobs.copies import MOST_BYTES, Copies
from tasks.blobs.files import Spool

if TYPE_CHECKING:
    from tasks.settings import TaskSettings

__all__ = ["Blobs", "Spool", "blobs_of", "open_blobs"]


def blobs_of(settings: "TaskSettings") -> Blobs:
    """The place of these settings. Raises ValueError."""
    most, copies = (round(gib * 2**30) for gib in (settings.spool_max_gb, settings.copies_max_gb))
    return open_blobs(settings.blobs, settings.copies, most, copies)


def open_blobs(url: str, copies: Path, most_bytes: int = 0, most_copied: int = MOST_BYTES) -> Blobs:
    """The place of a BLOB_URL.

    Args:
        url: `file:///folder`, `redis://host/1` (also `rediss://`, `unix://`), `s3://bucket/prefix`, or another URL that
            an installed fsspec knows; its query holds fsspec's own options, such as `endpoint_url`.
        copies: folder for what has to be a local file while it is read.
        most_bytes: of all uploads in a folder; 0: however many. A Redis has its maxmemory, a bucket its quota.
        most_copied: of all local copies.

    Raises:
        ValueError: the URL is not understood, or what it needs is not installed.
    """
    scheme = urlsplit(url).scheme
    if scheme in ("redis", "rediss", "unix"):
        from tasks.blobs.redis_keys import RedisBlobs

        return RedisBlobs(url, Copies(copies, most_copied))
    if scheme in ("file", ""):
        return Spool(url, most_bytes)
    from tasks.blobs.remote import RemoteBlobs

    return RemoteBlobs(url, Copies(copies, most_copied))
