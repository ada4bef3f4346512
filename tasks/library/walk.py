"""Walking a library: one folder open at a time and no list of its files, so that memory does not grow with it."""

import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasks.errors import PathMissing, PathNotAllowed
from tasks.library.paths import allowed, shown
from tasks.library.patterns import Patterns

SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".jp2", ".mpo"}
)
SETTLED_NS: Final = 2_000_000_000
"""A file that was written so shortly ago may be written again without a sign in its time."""


@dataclass(frozen=True, slots=True)
class Found:
    """A photo of a library.

    Attributes:
        name: its path below the library, fit to be shown.
        path: absolute, as the system has it.
        stamp: size, time of the last change and inode; None where they prove nothing.
    """

    name: str
    path: str
    stamp: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be listed: `code` is unreadable, dead_link, link_outside or link_to_folder."""

    name: str
    code: str
    message: str


class Walk:
    """One walk through a folder.

    Args:
        options: `recursive` (true), `include` and `exclude` as `Patterns`.
    """

    def __init__(self, folder: Path, roots: Sequence[Path], options: dict[str, Any]) -> None:
        self._folder = str(folder)
        self._roots = roots
        self._recursive = options.get("recursive", True)
        self._include = Patterns(options.get("include") or ())
        self._exclude = Patterns(options.get("exclude") or ())

    def __iter__(self) -> Iterator[Found | Trouble | None]:
        """Photos, troubles, and None now and then where nothing is found for long.

        Raises:
            OSError: the library itself cannot be read.
        """
        os.scandir(self._folder).close()
        waiting = [""]
        while waiting:
            inside = waiting.pop()
            yield None
            try:
                with os.scandir(f"{self._folder}/{inside}") as entries:
                    for number, entry in enumerate(entries, 1):
                        if number % 256 == 0:
                            yield None
                        name = f"{inside}/{entry.name}" if inside else entry.name
                        if entry.is_dir(follow_symlinks=False):
                            if self._enters(entry.name, name):
                                waiting.append(name)
                        elif self._wants(entry.name, name):
                            yield from self._look(entry, name)
            except OSError as error:
                yield Trouble(shown(inside) + "/", "unreadable", f"The folder cannot be read: {error.strerror}.")

    def _enters(self, name: str, inside: str) -> bool:
        return self._recursive and not name.startswith(".") and not self._exclude.match(inside)

    def _wants(self, name: str, inside: str) -> bool:
        if self._include:
            wanted = self._include.match(inside)
        else:
            wanted = ("." + name.rpartition(".")[2].lower()) in SUFFIXES and not name.startswith(".")
        return wanted and not self._exclude.match(inside)

    def _look(self, entry: "os.DirEntry[str]", inside: str) -> Iterator[Found | Trouble]:
        link = entry.is_symlink()
        try:
            if link:
                allowed(Path(entry.path), self._roots)
            status = entry.stat()
        except PathMissing:
            yield Trouble(shown(inside), "dead_link", "The link leads to nothing.")
        except PathNotAllowed:
            yield Trouble(shown(inside), "link_outside", "The link leads out of LIBRARY_ROOTS, or in a circle.")
        except FileNotFoundError:  # removed since its name was read
            return
        except OSError as error:
            yield Trouble(shown(inside), "unreadable", f"The file cannot be looked at: {error.strerror}.")
        else:
            if stat.S_ISREG(status.st_mode):
                yield Found(shown(inside), entry.path, _stamp(status))
            elif link and stat.S_ISDIR(status.st_mode):
                yield Trouble(shown(inside), "link_to_folder", "Links to folders are not followed: rescan the folder.")


def _stamp(status: os.stat_result) -> str | None:
    if time.time_ns() - status.st_mtime_ns < SETTLED_NS:
        return None
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
