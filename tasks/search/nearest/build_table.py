"""The index of a space in PostgreSQL, by its extension pgvector."""

from typing import Any, Final

from sqlalchemy import text

from tasks.search.nearest.rows import Matrix
from tasks.search.nearest.spaces import Space
from tasks.search.nearest.table import Table, table_name, written
from tasks.store.session import Store

KEY: Final = 0x6E656172
"""With the space's id, of the advisory lock under which its table is extended."""


class GrowingTable:
    """A table of vectors with its index of neighbours.

    Vectors that are gone leave it when it is extended; a search looks each candidate up anyway.
    """

    def __init__(self, store: Store, space: Space) -> None:
        self._store = store
        self._space = space
        self._name = table_name(space)
        with store.write() as connection:
            self._lock(connection)
            for statement in self._statements():
                connection.execute(text(statement))
            self.upto = Table(connection, space).upto
            counted: Any = connection.scalar(text(f"SELECT count(*) FROM {self._name}"))  # noqa: S608
        self._count = int(counted)

    def _statements(self) -> tuple[str, ...]:
        """Make the table where it is missing, and remove what is gone from it or is another's by now."""
        name, dim = self._name, self._space.dim
        return (
            "SET LOCAL statement_timeout = 0",
            f"CREATE TABLE IF NOT EXISTS {name} (id bigint PRIMARY KEY, v halfvec({dim}) NOT NULL)",
            f"CREATE INDEX IF NOT EXISTS {name}_v ON {name} USING hnsw (v halfvec_ip_ops)",
            f"DELETE FROM {name} WHERE NOT EXISTS "  # noqa: S608
            f"(SELECT 1 FROM vectors WHERE vectors.id = {name}.id AND vectors.space = {self._space.id})",
        )

    def _lock(self, connection: Any) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key, :space)"), {"key": KEY, "space": self._space.id})

    def __len__(self) -> int:
        return self._count

    def add(self, ids: list[int], found: Matrix) -> None:
        """Add vectors [n, dim], in a transaction of their own; those that are there already stay."""
        rows = [{"id": key, "v": written(vector)} for key, vector in zip(ids, found, strict=True)]
        with self._store.write() as connection:
            self._lock(connection)
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            adding = f"INSERT INTO {self._name} (id, v) VALUES (:id, CAST(:v AS halfvec({self._space.dim}))) "  # noqa: S608
            connection.execute(text(adding + "ON CONFLICT (id) DO NOTHING"), rows)
        self._count += len(ids)

    def save(self, upto: int) -> None:
        """There is nothing to do: searches see each transaction."""
        self.upto = upto
