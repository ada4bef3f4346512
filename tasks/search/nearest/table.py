"""An index in PostgreSQL, by its extension pgvector."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text

from tasks.search.nearest.spaces import Space

if TYPE_CHECKING:
    from tasks.search.nearest.rows import Matrix

LEAST_PGVECTOR: Final = (0, 7)
"""The first one with vectors of half precision."""

MOST_EFFORT: Final = 1000
"""Of pgvector's searches."""


class Table:
    """A table of PostgreSQL, beside ours and no part of their migrations: it too is a cache."""

    def __init__(self, connection: Connection, space: Space) -> None:
        self.name = table_name(space)
        self._dim = space.dim
        there = connection.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": self.name})
        newest: Any = connection.scalar(text(f"SELECT max(id) FROM {self.name}")) if there else None  # noqa: S608
        self.upto = int(newest or 0)

    def __len__(self) -> int:
        return self.upto  # at most

    def search(self, connection: Connection, query: "Matrix", count: int) -> Sequence[int]:
        """About the nearest ids to one vector."""
        if not self.upto:
            return ()
        connection.execute(text(f"SET LOCAL hnsw.ef_search = {min(max(count, 40), MOST_EFFORT)}"))
        nearest = f"SELECT id FROM {self.name} ORDER BY v <#> CAST(:query AS halfvec({self._dim})) LIMIT :count"  # noqa: S608
        return list(connection.scalars(text(nearest), {"query": written(query), "count": count}))


def table_name(space: Space) -> str:
    """Of a space's vectors in PostgreSQL."""
    return f"nearest_{space.id:d}"


def written(vector: "Matrix") -> str:
    """A vector as pgvector reads it."""
    return f"[{','.join(map(str, vector.tolist()))}]"


def has_pgvector(connection: Connection) -> bool:
    """Whether the database has the extension, in a release that serves."""
    if connection.dialect.name != "postgresql":
        return False
    version = connection.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
    return version is not None and tuple(int(part) for part in version.split(".")[:2]) >= LEAST_PGVECTOR
