"""Small pictures of photos that somebody has looked at, kept on this machine's disk; the oldest go first."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from tasks.blobs.copies import Copies
from tasks.errors import SpoolFull

FOLDER: Final = "pictures"
"""In DARKROOM_HOME; it may be removed at any time."""

MOST_BYTES: Final = 512 * 2**20
PARTS: Final = 256
"""Folders, by the first byte of the content, so that none has many files to be looked through."""


class Shelf:
    """A folder of pictures."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes // PARTS

    async def get(self, sha256: str, size: int, make: Callable[[str, int], Awaitable[bytes]]) -> bytes:
        """A picture, made where it is not there. Raises what `make` does."""
        copies, key = Copies(self._folder / sha256[:2], self._most_bytes), f"{sha256}-{size}"
        with contextlib.suppress(FileNotFoundError):
            return await asyncio.to_thread(copies.path(key).read_bytes)
        data = await make(sha256, size)
        with contextlib.suppress(SpoolFull):  # it is shown all the same
            await asyncio.to_thread(copies.get, key, lambda: data)
        return data
