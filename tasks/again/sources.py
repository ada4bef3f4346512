"""Where the bytes of a known photo are: in a file of a library, or in an upload that is still kept."""

import hashlib
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, select

from tasks import library
from tasks.analyses import ANALYSES
from tasks.blobs import Blobs
from tasks.errors import PathMissing, PathNotAllowed, PhotoChanged, PhotoGone, PhotoUnknown, TaskError
from tasks.store.models import items, photos, results

if TYPE_CHECKING:
    from tasks.store.session import Store

MOST: Final = 100
"""Items of one photo that are looked at, the newest first."""

SEND_IT: Final = "Rescan the folder in which it is now, or send it again: POST /api/jobs."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo is said to be: `path` as the store has it, or `blob`; neither is looked at yet."""

    name: str
    path: str | None
    blob: str | None


class Sources:
    """Finds the bytes of known photos.

    Args:
        roots: LIBRARY_ROOTS, outside of which no file is looked at.
    """

    def __init__(self, store: "Store", spool: Blobs, roots: Sequence[Path]) -> None:
        self._store = store
        self._spool = spool
        self._roots = roots

    def find(self, sha256: str) -> Place:
        """A place that has the photo's bytes now, a file's content compared.

        Raises:
            PhotoUnknown: nothing is known of such a photo.
            PhotoChanged: its file has another content now.
            PhotoGone: file and upload are gone.
            PathNotAllowed: its file is no longer under LIBRARY_ROOTS.
        """
        return self._first(sha256, compared=True)

    def there(self, sha256: str) -> Place:
        """The same without a look into the file."""
        return self._first(sha256, compared=False)

    def read(self, place: Place) -> Path:
        """The file of a place, which may be read. Raises PathNotAllowed, PathMissing, BlobMissing."""
        if place.path is None:
            return self._spool.path(place.blob or "")
        return library.allowed(library.stored(place.path), self._roots)

    def _first(self, sha256: str, compared: bool) -> Place:
        with self._store.read() as connection:
            places = list(_places(connection, sha256))
        worst: TaskError | None = None
        for place in places:
            if place.blob is not None:
                if self._spool.there([place.blob]):
                    return place
                continue
            try:
                file = self.read(place)
                if not stat.S_ISREG(file.stat().st_mode):
                    continue
                if not compared or _digest(file) == sha256:
                    return place
                worst = changed()
            except PathNotAllowed as error:
                worst = worst or error
            except (OSError, PathMissing):
                continue
        raise worst or PhotoGone("Its file is gone, or its upload is no longer kept.", SEND_IT)


def _places(connection: Connection, sha256: str) -> Iterator[Place]:
    """Every place once: files, and then uploads."""
    known = connection.execute(select(photos).where(photos.c.sha256 == sha256, photos.c.page == 0)).first()
    mine = items.c.sha256 == sha256, items.c.page.is_(None)
    query = select(items.c.name, items.c.path, items.c.blob).where(*mine).order_by(items.c.id.desc()).limit(MOST)
    rows = connection.execute(query).all()
    if known is None and not rows and not _was_seen(connection, sha256):
        raise unknown(sha256)
    paths: dict[str, Any] = {known.path: known.name} if known is not None and known.path else {}
    paths |= {row.path: row.name for row in reversed(rows) if row.path and row.path not in paths}
    yield from (Place(name, path, None) for path, name in paths.items())
    name = known.name if known is not None else next((row.name for row in rows), sha256)
    uploads = dict.fromkeys([row.blob for row in rows if row.blob] + [sha256])  # that of a job has its content's name
    yield from (Place(name, None, blob) for blob in uploads)


def is_known(connection: Connection, sha256: str) -> bool:
    """Whether there is a photo, and not only a document, with this content."""
    of_photo = items.c.sha256 == sha256, items.c.page.is_(None)
    in_job = connection.execute(select(items.c.id).where(*of_photo).limit(1)).first()
    return in_job is not None or _was_seen(connection, sha256)


def _was_seen(connection: Connection, sha256: str) -> bool:
    """Whether something was found in it, as in a request that was answered at once."""
    found = results.c.sha256 == sha256, results.c.analysis.in_(ANALYSES)
    return connection.execute(select(results.c.id).where(*found).limit(1)).first() is not None


def unknown(sha256: str) -> PhotoUnknown:
    """The error for content that no photo has."""
    hint = "GET /api/search finds those that are known; POST /api/jobs makes one known."
    return PhotoUnknown(f"No photo with the sha256 {sha256[:64]} is known.", hint)


def changed() -> PhotoChanged:
    """The error for a photo whose file has another content now."""
    return PhotoChanged("Its file has changed since it was looked at.", SEND_IT)


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
