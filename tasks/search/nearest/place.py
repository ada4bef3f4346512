"""Where an index is: nowhere yet, in a file, or in a table of PostgreSQL (`table`)."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection

from tasks.search.nearest.files import Manifest
from tasks.search.nearest.graph import Graph
from tasks.search.nearest.rows import Matrix


class Place(Protocol):
    """An index.

    Attributes:
        upto: all vectors up to this id that there were are in it.
    """

    @property
    def upto(self) -> int: ...

    def __len__(self) -> int: ...

    def search(self, connection: Connection, query: Matrix, count: int) -> Sequence[int]:
        """About the nearest ids to one vector, nearest first; some of them may be gone from SQL."""
        ...


class Nothing:
    """No index yet."""

    upto = 0

    def __len__(self) -> int:
        return 0

    def search(self, connection: Connection, query: Matrix, count: int) -> Sequence[int]:
        """No id."""
        return ()


class File:
    """An index file, opened."""

    def __init__(self, manifest: Manifest, graph: Graph) -> None:
        self.manifest = manifest
        self.upto = manifest.upto
        self._graph = graph

    def __len__(self) -> int:
        return len(self._graph)

    def search(self, connection: Connection, query: Matrix, count: int) -> Sequence[int]:
        """About the nearest ids to one vector."""
        return self._graph.search(query, count)
