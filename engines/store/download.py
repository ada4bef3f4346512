"""Downloads one file: resumed, tried again, and compared with its digest."""

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

import httpx

from engines.store.sources import FILE, SourceFailed
from engines.store.types import RemoteFile

T = TypeVar("T")

TRIES: Final = 5
PAUSE_S: Final = 0.5
PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that another try may cure."""

Progress = Callable[[str, int, int | None], None]
"""Is told a file's path, bytes that are there, and bytes in all where that is known."""


class WrongDigest(SourceFailed):
    """What came is not what is published."""


def persist(call: Callable[[], T]) -> T:
    """Call, and call again after a pause where the network or the server failed."""
    for attempt in range(1, TRIES + 1):
        try:
            return call()
        except httpx.UnsupportedProtocol:
            raise  # a wrong setting, which time does not cure
        except httpx.HTTPStatusError as error:
            if error.response.status_code not in PASSING or attempt == TRIES:
                raise
        except httpx.TransportError:
            if attempt == TRIES:
                raise
        time.sleep(PAUSE_S * 2 ** (attempt - 1))
    raise AssertionError("the last try returns or raises")


def download(client: httpx.Client, file: RemoteFile, target: Path, progress: Progress) -> tuple[str, str | None] | None:
    """Get one file, going on with what is there of it where its digest will prove that both parts fit.

    Returns:
        Its sha256, and the one that somebody published; None where the source lacks it and the model can do without.

    Raises:
        WrongDigest: its digest or size is another; nothing is kept.
        SourceFailed, httpx.HTTPError: it cannot be had; what came is kept.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    left = target.exists()
    try:
        return _once(client, file, target, progress)
    except WrongDigest:
        if not left:
            raise
        return _once(client, file, target, progress)  # what was left was of another file
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.NOT_FOUND and not file.needed:
            return None
        raise


def _once(client: httpx.Client, file: RemoteFile, target: Path, progress: Progress) -> tuple[str, str | None]:
    transfer = _Transfer(client, file, target, progress)
    if file.where.startswith(FILE):
        transfer.copy()
    else:
        persist(transfer.go_on)
    published = file.sha256 or transfer.named  # a server's word never stands against the catalogue's
    with target.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    size = target.stat().st_size
    if (published and digest != published) or (file.size is not None and size != file.size):
        target.unlink()
        raise WrongDigest(f"{file.path} came with another digest or size than is published")
    return digest, published


class _Transfer:
    """One file on its way.

    Attributes:
        named: the sha256 that the hub says with a large file.
    """

    def __init__(self, client: httpx.Client, file: RemoteFile, target: Path, progress: Progress) -> None:
        self._client, self._file, self._target, self._progress = client, file, target, progress
        self._version: str | None = None
        self.named: str | None = None

    def copy(self) -> None:
        """From a folder."""
        source = Path(unquote(urlsplit(self._file.where).path))
        if not source.is_file():
            raise SourceFailed(f"{source} is not there")
        shutil.copyfile(source, self._target)
        self._progress(self._file.path, source.stat().st_size, source.stat().st_size)

    def go_on(self) -> None:
        """What is missing, into the target."""
        there = self._target.stat().st_size if self._target.exists() else 0
        if there and self._file.sha256 is None and self._version is None:
            there = 0  # nothing would show that the rest is of the same file
        if there and there == self._file.size:
            return
        with self._client.stream("GET", self._file.where, headers=self._headers(there)) as answer:
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # nothing is missing, or the file is another: the digest tells
            answer.raise_for_status()
            self._version = _version(answer)
            self.named = _named_digest(answer) or self.named
            self._write(answer, there if answer.status_code == httpx.codes.PARTIAL_CONTENT else 0)

    def _headers(self, there: int) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}  # a range counts the file's bytes, not packed ones
        if there:
            headers["Range"] = f"bytes={there}-"
            if self._file.sha256 is None and self._version:
                headers["If-Range"] = self._version
        return headers

    def _write(self, answer: httpx.Response, have: int) -> None:
        length = answer.headers.get("content-length")
        total = have + int(length) if length else None
        with self._target.open("ab" if have else "wb") as out:
            for chunk in answer.iter_raw():
                out.write(chunk)
                have += len(chunk)
                self._progress(self._file.path, have, total)


def _version(answer: httpx.Response) -> str | None:
    """What tells a file from a later one at the same address; a weak tag does not."""
    tag: str = answer.headers.get("etag", "")
    return tag if tag.startswith('"') else None


def _named_digest(answer: httpx.Response) -> str | None:
    """The sha256 that a hub says with a large file, in the answer or in one that led to it."""
    for one in (answer, *answer.history):
        tag: str = one.headers.get("x-linked-etag") or ""
        plain = tag.strip('"').lower()
        if len(plain) == 64 and all(digit in "0123456789abcdef" for digit in plain):
            return plain
    return None
