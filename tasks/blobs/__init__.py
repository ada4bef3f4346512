"""Uploaded bytes, kept until a worker has read them: in a folder, in Redis, or wherever fsspec reaches.

A blob's key starts with the sha256 of its content. Blobs of jobs are shared by content; a request that is answered at
once has a blob of its own, so that it can be removed with the answer.
"""

from pathlib import Path
from urllib.parse import urlsplit

from tasks.blobs.base import Blobs
from tasks.blobs.copies import Copies
from tasks.blobs.files import Spool

__all__ = ["Blobs", "Spool", "open_blobs"]


def open_blobs(url: str, copies: Path) -> Blobs:
    """The place of a BLOB_URL.

    Args:
        url: `file:///folder`, `redis://host/1` (also `rediss://`, `unix://`), `s3://bucket/prefix`, or another URL that
            an installed fsspec knows; its query holds fsspec's own options, such as `endpoint_url`.
        copies: folder for what has to be a local file while it is read.

    Raises:
        ValueError: the URL is not understood, or what it needs is not installed.
    """
    scheme = urlsplit(url).scheme
    if scheme in ("redis", "rediss", "unix"):
        from tasks.blobs.redis_keys import RedisBlobs

        return RedisBlobs(url, Copies(copies))
    if scheme in ("file", ""):
        return Spool(url)
    from tasks.blobs.remote import RemoteBlobs

    return RemoteBlobs(url, Copies(copies))
