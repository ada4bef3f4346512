"""Libraries: folders under LIBRARY_ROOTS, listed into the store while work already begins."""

import os
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from tasks.errors import JobUnknown, PathMissing, PathNotAllowed
from tasks.jobs import Jobs, NewItem
from tasks.settings import TaskSettings
from tasks.store.models import jobs as job_table

SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".jp2", ".mpo"}
)
CHUNK: Final = 256


def allowed(path: Path, roots: Sequence[Path]) -> Path:
    """The path with its links resolved, if it lies under one of the roots.

    Raises:
        PathNotAllowed: it does not, or a link leads out.
        PathMissing: it is allowed and not there.
    """
    try:
        path = path.expanduser()
        real = path.resolve(strict=False)
        there = real.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise PathNotAllowed("The path cannot be resolved.") from error
    if not path.is_absolute() or not any(real == root or root in real.parents for root in roots):
        raise PathNotAllowed(
            "The path is not under any folder of LIBRARY_ROOTS.",
            "Add its folder to LIBRARY_ROOTS and start again.",
        )
    if not there:
        raise PathMissing(f"There is nothing at {path}.")
    return real


def photos(folder: Path, roots: Sequence[Path], options: dict[str, Any]) -> Iterator[Path]:
    """Pictures of a folder by their file names, folders in order; links that lead out of the roots are passed over.

    Args:
        options: `recursive` (true), `include` and `exclude`: patterns for the path below the folder.
    """
    include, exclude = options.get("include") or [], options.get("exclude") or []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".")) if options.get("recursive", True) else []
        for name in sorted(names):
            path = Path(place, name)
            inside = path.relative_to(folder).as_posix()
            if include:
                wanted = _matches(inside, include)
            else:
                wanted = path.suffix.lower() in SUFFIXES and not name.startswith(".")
            if not wanted or _matches(inside, exclude):
                continue
            if path.is_symlink() and not _leads_inside(path, roots):
                continue
            if path.is_file():
                yield path


def list_into(jobs: Jobs, job_id: str, settings: TaskSettings, invite: Callable[[], None]) -> None:
    """Add a library's photos to its job in chunks and call for workers after each; may run again after a crash."""
    with jobs.store.read() as connection:
        options = connection.scalar(select(job_table.c.options).where(job_table.c.id == job_id))
    if options is None:
        raise JobUnknown(f"There is no job {job_id}.")
    try:
        folder = allowed(Path(options["library"]), settings.roots)
    except (PathNotAllowed, PathMissing) as error:
        jobs.finish_listing(job_id, (error.code, str(error)))
        return
    chunk: list[NewItem] = []
    for path in photos(folder, settings.roots, options):
        chunk.append(NewItem(name=_name(path, folder), path=str(path)))
        if len(chunk) >= CHUNK:
            jobs.add_items(job_id, chunk)
            invite()
            chunk = []
    jobs.add_items(job_id, chunk)
    jobs.finish_listing(job_id)
    invite()


def _name(path: Path, folder: Path) -> str:
    return os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")


def _matches(inside: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(inside, pattern) or fnmatch(Path(inside).name, pattern) for pattern in patterns)


def _leads_inside(path: Path, roots: Sequence[Path]) -> bool:
    try:
        allowed(path, roots)
    except (PathNotAllowed, PathMissing):
        return False
    return True
