"""Paths of libraries: which may be read, and how a path of any bytes is written into the store."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tasks.errors import PathMissing, PathNotAllowed

RAW: Final = "raw:"


def allowed(path: Path, roots: Sequence[Path]) -> Path:
    """The path with its links resolved, if it lies under one of the roots.

    Raises:
        PathNotAllowed: it does not, or a link leads out.
        PathMissing: it is allowed and not there.
    """
    try:
        path = path.expanduser()
        real = os.path.realpath(path)
        found = Path(real)
        there = _is_there(found)
    except (OSError, RuntimeError, ValueError) as error:
        raise PathNotAllowed("The path cannot be resolved.") from error
    # Compared as strings, as a rescan asks for each of its photos.
    if not path.is_absolute() or not any(f"{real}/".startswith(f"{str(root).rstrip('/')}/") for root in roots):
        raise PathNotAllowed(
            "The path is not under any folder of LIBRARY_ROOTS.",
            "Add its folder to LIBRARY_ROOTS and start again.",
        )
    if not there:
        raise PathMissing(f"There is nothing at {path}.")
    return found


def _is_there(path: Path) -> bool:
    """Raises OSError where nobody can say, as of links in a circle."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def folder(name: str, roots: Sequence[Path]) -> Path:
    """The same for a folder's name. Raises PathNotAllowed, PathMissing (also where it is no folder)."""
    path = allowed(Path(name), roots)
    if not path.is_dir():
        raise PathMissing(f"{name} is not a folder.", "Name its folder, or upload the file.")
    return path


def written(path: str) -> str:
    """An absolute path as the store keeps it: as it is, or as hexadecimal digits where it is no UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return RAW + os.fsencode(path).hex()
    return path


def stored(text: str) -> Path:
    """The path that `written` wrote."""
    return Path(os.fsdecode(bytes.fromhex(text.removeprefix(RAW))) if text.startswith(RAW) else text)


def shown(path: str) -> str:
    """A path for people: bytes that are no UTF-8 as `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def readable(text: str) -> str:
    """A path that `written` wrote, for people."""
    return shown(str(stored(text))) if text.startswith(RAW) else shown(text)


def folder_of(path: str | None) -> str:
    """The folder of a file that `written` wrote, for people; empty for no file."""
    return shown(str(stored(path).parent)) if path else ""
