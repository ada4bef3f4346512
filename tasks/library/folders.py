"""Looking into the folders under LIBRARY_ROOTS, for a person who chooses one to be rescanned."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from tasks.library.paths import RAW, folder, written
from tasks.library.walk import SUFFIXES

MOST_ENTRIES: Final = 20_000


def look(name: str, roots: Sequence[Path]) -> dict[str, Any]:
    """A folder with its folders and the number of its pictures; the roots themselves for no name.

    What a walk would pass over is left out: hidden folders and links to folders. So is what has no name in UTF-8, as
    no request could name it.

    Raises:
        PathNotAllowed, PathMissing.
        OSError: it cannot be read.
    """
    if not name:
        there = [_entry(str(root), str(root)) for root in roots if root.is_dir()]
        return {"path": "", "parent": None, "roots": True, "folders": there, "pictures": 0, "more": False}
    real = folder(name, roots)
    folders, pictures, seen = [], 0, 0
    for entry in _entries(real):
        seen += 1
        if entry.is_dir(follow_symlinks=False):
            if not written(entry.name).startswith(RAW):
                folders.append(_entry(entry.name, entry.path))
        else:
            pictures += ("." + entry.name.rpartition(".")[2].lower()) in SUFFIXES
    return {
        "path": str(real),
        "parent": str(real.parent) if any(root in real.parents for root in roots) else None,
        "roots": False,
        "folders": sorted(folders, key=lambda each: each["name"].casefold()),
        "pictures": pictures,
        "more": seen >= MOST_ENTRIES,
    }


def _entries(real: Path) -> "Iterator[os.DirEntry[str]]":
    with os.scandir(real) as entries:
        for number, entry in enumerate(entries):
            if number >= MOST_ENTRIES:
                return
            if not entry.name.startswith("."):
                yield entry


def _entry(name: str, path: str) -> dict[str, str]:
    return {"name": name, "path": path}
