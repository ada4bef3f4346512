"""The search for vectors, as a process does it."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from tasks.search.filters import Filters
from tasks.search.nearest.files import Folder
from tasks.search.nearest.hit import Hit
from tasks.search.nearest.keeper import Keeper
from tasks.search.nearest.spaces import Space
from tasks.store.session import Store

if TYPE_CHECKING:
    from tasks.search.nearest.part import Part

MOST_CANDIDATES: Final = 4000
ENOUGH: Final = 50
"""Photos with which a search that has limits is content, when it has looked at so many candidates."""


class Nearest:
    """The spaces of one store, each opened when it is searched for the first time.

    Args:
        home: DARKROOM_HOME; index files are in `search` there.
    """

    def __init__(self, store: Store, home: Path) -> None:
        self._folder = Folder(home)
        self._lock = threading.Lock()
        self._parts: dict[Space, Part] = {}
        self._in_database: bool | None = None
        self._keeper = Keeper(store, self._folder, self._renew)

    def start(self) -> None:
        """Begin to keep the indexes of this data folder short behind SQL, by a child process when there is need."""
        self._keeper.start()

    def close(self) -> None:
        """End that, and a child that is at work: the next one goes on where it was."""
        self._keeper.close()

    def find(
        self, connection: Connection, space: Space, vector: Sequence[float], filters: Filters | None, most: int
    ) -> list[Hit]:
        """The photos whose vectors are the nearest, each once, best first.

        Args:
            connection: of a transaction that only reads; all that is answered is as it is in there.
            vector: of any length but nothing; as many numbers as the space has.
            filters: what a photo must meet; None for nothing.
            most: photos at most; with limits that exclude many of the nearest, it may be ENOUGH of them.

        Raises:
            ValueError: for a vector of another size.
        """
        from tasks.search.nearest import check
        from tasks.search.nearest.rows import unit

        query = unit(vector, space.dim)
        if query is None or most < 1:
            return []
        part, limits = self._part(connection, space), filters or Filters()
        if not check.few(connection, limits):
            usual = [(most + most // 4 + 50, most)] if limits == Filters() else []
            for count, enough in (*usual, (MOST_CANDIDATES, min(most, ENOUGH))):
                hits = check.checked(connection, space, part.candidates(connection, query, count), query, limits, most)
                if len(hits) >= enough or count >= len(part):
                    return hits
        return check.every(connection, space, query, limits, most)

    def behind(self, connection: Connection, space: Space) -> int:
        """How many vectors of a space a search does not see yet, as its index is being built."""
        return self._part(connection, space).behind(connection)

    def _part(self, connection: Connection, space: Space) -> "Part":
        from tasks.search.nearest.part import Part
        from tasks.search.nearest.table import has_pgvector

        if self._in_database is None:
            self._in_database = has_pgvector(connection)
        with self._lock:
            if space not in self._parts:
                self._parts[space] = Part(space, None if self._in_database else self._folder)
            return self._parts[space]

    def _renew(self) -> None:
        for part in list(self._parts.values()):
            part.renew()
