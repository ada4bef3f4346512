"""Inserts in each database's own way: what becomes of a row that is there already, and many rows at once."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Connection, Insert, Table, bindparam, column, func, select
from sqlalchemy.dialects import postgresql, sqlite


def into(connection: Connection, table: Table) -> Any:
    """An insert of the database's own dialect, which can be told what to do where a row is there already."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def add(connection: Connection, adding: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns.

    PostgreSQL gets an array a column: of a statement for each row it would spend more on the statement than on the row.
    """
    if connection.dialect.name != "postgresql":
        connection.execute(adding, rows)
        return
    names = list(rows[0])
    kinds = {name: adding.table.c[name].type for name in names}
    arrays = [bindparam(f"{name}_s", [row[name] for row in rows], ARRAY(kinds[name])) for name in names]
    each = func.unnest(*arrays).table_valued(*(column(name, kinds[name]) for name in names)).render_derived()
    connection.execute(adding.from_select(names, select(*(each.c[name] for name in names))))
