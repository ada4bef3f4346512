"""What a search is limited to: a folder, a time, a person.

Folders and months are also kept among a photo's words, in letters that no text has (Unicode's private use area). So a
limited search for a frequent word is a search for several words, and costs no more than they do.
"""

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import ColumnElement, or_, select

from tasks.store.models import person_faces, photos, vectors

FOLDER: Final = "\ue000"
MONTH: Final = "\ue001"
YEAR: Final = "\ue002"
EARLIEST: Final = 1900
LATEST: Final = 2100
"""Years; what is said to be older or newer is counted to these."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that a photo meets.

    Attributes:
        folder: it lies in this folder or below it; as `library.shown` writes it.
        since: it was taken then or later; seconds since 1970.
        until: it was taken before.
        person: whose face it shows.
    """

    folder: str | None = None
    since: float | None = None
    until: float | None = None
    person: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for SQL, on `photos`; of those that are still there."""
        found: list[ColumnElement[bool]] = []
        if self.folder is not None:
            below = self.folder.rstrip("/")
            inside = (photos.c.folder > below + "/") & (photos.c.folder < below + "0")  # 0 comes after /
            found.append(or_(photos.c.folder == (below or "/"), inside))
        return found + self.exact()

    def exact(self) -> list[ColumnElement[bool]]:
        """Those of them that `marks` does not say, or not exactly."""
        found: list[ColumnElement[bool]] = [photos.c.gone_at.is_(None)]
        if self.since is not None:
            found.append(photos.c.taken_at >= self.since)
        if self.until is not None:
            found.append(photos.c.taken_at < self.until)
        if self.person is not None:
            faces = select(vectors.c.photo_id).join(person_faces, person_faces.c.vector_id == vectors.c.id)
            found.append(photos.c.id.in_(faces.where(person_faces.c.person_id == self.person)))
        return found

    def marks(self) -> list[list[str]]:
        """The same as marks: of each list one is there, wherever the conditions are met."""
        found = [[_folder(self.folder.rstrip("/") or "/")]] if self.folder is not None else []
        if self.since is not None or self.until is not None:
            found.append(list(_span(self.since, self.until)))
        return found


def marks_of(folder: str, taken_at: float | None) -> list[str]:
    """The marks of a photo."""
    found: list[str] = []
    if folder:
        place = PurePosixPath(folder)
        found += [_folder(str(each)) for each in (place, *place.parents)]
    if taken_at is not None:
        year, month = _month(taken_at)
        found += [f"{YEAR}{year}", f"{MONTH}{year}{month:02}"]
    return found


def _folder(path: str) -> str:
    return FOLDER + hashlib.blake2b(os.fsencode(path), digest_size=8).hexdigest()


def _month(at: float) -> tuple[int, int]:
    try:
        parts = time.gmtime(at)
    except (OverflowError, ValueError, OSError):
        return (LATEST, 12) if at > 0 else (EARLIEST, 1)
    if parts.tm_year < EARLIEST:
        return EARLIEST, 1
    return (parts.tm_year, parts.tm_mon) if parts.tm_year <= LATEST else (LATEST, 12)


def _span(since: float | None, until: float | None) -> Iterator[str]:
    first = (EARLIEST, 1) if since is None else _month(since)
    last = (LATEST, 12) if until is None else _month(until)
    for year in range(first[0], last[0] + 1):
        months = range(first[1] if year == first[0] else 1, (last[1] if year == last[0] else 12) + 1)
        if len(months) == 12:
            yield f"{YEAR}{year}"
        else:
            yield from (f"{MONTH}{year}{month:02}" for month in months)
