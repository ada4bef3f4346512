"""One space as a process searches it: its index, and the vectors that are newer."""

import logging
import threading
from typing import Final

from sqlalchemy import Connection, func, select

from tasks.search.nearest.files import Folder, Manifest, NotTrusted
from tasks.search.nearest.graph import Graph
from tasks.search.nearest.place import File, Nothing, Place
from tasks.search.nearest.rows import Matrix
from tasks.search.nearest.spaces import Space
from tasks.search.nearest.table import Table
from tasks.search.nearest.tail import Tail
from tasks.store.models import vectors

TRIES: Final = 3
log = logging.getLogger(__name__)


class Part:
    """The index of a space and its tail; thread safe.

    Args:
        folder: where index files are; None where the database itself has the index.
    """

    def __init__(self, space: Space, folder: Folder | None) -> None:
        self._space = space
        self._folder = folder
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._place: Place | None = None
        self._tail = Tail(space, 0)

    def __len__(self) -> int:
        return len(self._place or ()) + len(self._tail)

    def renew(self) -> None:
        """Open the newest file where it is not open already; searches go on in the former one meanwhile."""
        if self._folder is None:
            return
        with self._opening:
            manifest = self._folder.manifest(self._space)
            opened = self._place.manifest if isinstance(self._place, File) else None
            if self._place is not None and (manifest is None or manifest == opened):
                return
            place = self._open(self._folder, manifest)
            with self._lock:
                self._use(place)

    def _open(self, folder: Folder, manifest: Manifest | None) -> Place:
        for _ in range(TRIES):
            if manifest is None:
                break
            try:
                return File(manifest, Graph.view(folder.check(manifest), self._space.dim))
            except FileNotFoundError:  # a newer one has come between
                manifest = folder.manifest(self._space)
            except (NotTrusted, OSError) as error:
                log.warning("the index of %s is built anew: %s", self._space.model, error)
                folder.forget(self._space)
                break
        return Nothing()

    def _use(self, place: Place) -> None:
        if place.upto >= self._tail.after:
            self._tail.drop(place.upto)
        elif self._place is None or place.upto < self._place.upto:  # it was built anew
            self._tail = Tail(self._space, place.upto)
        self._place = place

    def candidates(self, connection: Connection, query: Matrix, count: int) -> list[int]:
        """The ids of `count` vectors that may be the nearest, of the index and of what is newer each."""
        if self._place is None:
            self.renew()
        with self._lock:
            if self._folder is None:
                self._use(Table(connection, self._space))
            self._tail.refresh(connection)
            place, newer = self._place or Nothing(), self._tail.search(query, count)
        return [*place.search(connection, query, count), *newer]

    def behind(self, connection: Connection) -> int:
        """How many vectors are in neither, as too many are new."""
        with self._lock:
            upto, after = self._place.upto if self._place else 0, self._tail.after
        between = vectors.c.space == self._space.id, vectors.c.id > upto, vectors.c.id <= after
        query = select(func.count()).select_from(vectors).where(*between)
        return (connection.scalar(query) or 0) if after > upto else 0
