"""Which files of a folder are pictures, and how many go into one upload."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".jp2", ".mpo"}
)
"""What the service itself takes for a picture when it lists a library; importing it from there costs half a second."""
UPLOAD_FILES = 64
UPLOAD_BYTES = 48 * 2**20
"""Below the service's usual limit for one upload (MAX_UPLOAD_MB), multipart lines included."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to upload, with the name that it gets there."""

    path: Path
    name: str


def find(
    path: Path, recursive: bool = True, include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> Iterator[LocalFile]:
    """The file itself, or those in a folder that a rescan would take, ordered by name.

    Without `include` that is by their suffix, hidden ones not; patterns are those of a rescan.
    """
    if not path.is_dir():
        yield LocalFile(path, path.name)
        return
    wanted, unwanted = _matcher(include), _matcher(exclude)
    for folder, folders, files in os.walk(path):
        inside = Path(folder).relative_to(path)
        kept = (each for each in folders if not each.startswith(".") and not unwanted((inside / each).as_posix()))
        folders[:] = sorted(kept) if recursive else []
        for name in sorted(files):
            below = (inside / name).as_posix()
            usual = not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
            if (wanted(below) if include else usual) and not unwanted(below):
                yield LocalFile(Path(folder, name), below)


def _matcher(patterns: Sequence[str]) -> Callable[[str], bool]:
    if not patterns:
        return lambda _: False
    from tasks.library.patterns import Patterns

    return Patterns(patterns).match


def batches(
    files: Iterable[LocalFile], most: int = UPLOAD_FILES, most_bytes: int = UPLOAD_BYTES
) -> Iterator[list[LocalFile]]:
    """`files` in groups of at most `most` files and, unless one alone is larger, `most_bytes` bytes."""
    group: list[LocalFile] = []
    size = 0
    for file in files:
        try:
            more = file.path.stat().st_size
        except OSError:
            more = 0  # the upload will say what is wrong with it
        if group and (len(group) == most or size + more > most_bytes):
            yield group
            group, size = [], 0
        group.append(file)
        size += more
    if group:
        yield group
