"""Index files in DARKROOM_HOME/search: a cache of what SQL has, which may be deleted at any time.

Of each space there is a manifest, `SPACE.json`, that names the newest file and says what must be in it. A file is
written under another name and never changed, so who has opened the former one goes on with it. Whatever does not fit
its manifest to the byte is not opened, as a damaged index could take its reader down.
"""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tasks.search.nearest.spaces import Space

FORMAT: Final = 1


class NotTrusted(Exception):
    """A file that is damaged, or not of this space; the message says how."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file has.

    Attributes:
        file: its name.
        size: bytes.
        sha256: of the bytes.
        upto: all vectors up to this id that there were are in it.
        count: how many.
        space: whose they are, as a `Space`'s fields.
    """

    file: str
    size: int
    sha256: str
    upto: int
    count: int
    space: dict[str, Any]
    format: int = FORMAT


class Folder:
    """The index files of one data folder."""

    def __init__(self, home: Path) -> None:
        self.path = home / "search"

    def manifest(self, space: Space) -> Manifest | None:
        """What the newest file of a space has; None where there is none that could be used."""
        try:
            read = Manifest(**json.loads((self.path / f"{space.id}.json").read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        ours = read.format == FORMAT and read.space == asdict(space) and isinstance(read.upto, int)
        return read if ours and isinstance(read.file, str) and Path(read.file).name == read.file else None

    def check(self, manifest: Manifest) -> Path:
        """The file of a manifest, once each of its bytes was looked at.

        Raises:
            FileNotFoundError: a newer one has taken its place, or somebody has deleted it.
            NotTrusted, OSError.
        """
        path = self.path / manifest.file
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != manifest.size:
                raise NotTrusted(f"{path} has not the size that it was written with")
            if hashlib.file_digest(file, "sha256").hexdigest() != manifest.sha256:
                raise NotTrusted(f"{path} is damaged")
        return path

    def partial(self, space: Space) -> Path:
        """Where a new file is written; only under `lock`."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.path / f".{space.id}.partial"

    def publish(self, space: Space, upto: int, count: int) -> Manifest:
        """Let the file at `partial` be the space's newest, and remove the former; only under `lock`."""
        partial = self.partial(space)
        with partial.open("r+b") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = os.fstat(file.fileno()).st_size
            os.fsync(file.fileno())
        name = f"{space.id}-{digest[:16]}.usearch"
        partial.replace(self.path / name)
        made = Manifest(name, size, digest, upto, count, asdict(space))
        self._write(f"{space.id}.json", json.dumps(asdict(made)).encode())
        for other in self.path.glob(f"{space.id}-*.usearch"):
            if other.name != name:
                other.unlink(missing_ok=True)
        return made

    def _write(self, name: str, data: bytes) -> None:
        partial = self.path / f".{name}"
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path / name)

    def forget(self, space: Space) -> None:
        """Remove a space's file, which is then built anew."""
        for path in (self.path / f"{space.id}.json", *self.path.glob(f"{space.id}-*.usearch")):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def lock(self, space: Space) -> Iterator[int | None]:
        """The right to write a space's file, as an open file that a child may inherit; None where another has it."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.path / f"{space.id}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            yield None
            return
        try:
            yield file
        finally:
            os.close(file)
