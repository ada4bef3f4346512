"""Many rows at once in each database's own way, and what becomes of a row that is there already.

PostgreSQL gets an array a column: of a statement for each row it would spend more on the statement than on the row.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Connection, Insert, Table, bindparam, column, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

Rows = Sequence[Mapping[str, Any]]
"""Values by column; all of them name the same columns."""


def into(connection: Connection, table: Table) -> Any:
    """An insert of the database's own dialect, which can be told what to do where a row is there already."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def add(connection: Connection, adding: Insert, rows: Rows) -> None:
    """Insert rows."""
    if connection.dialect.name != "postgresql":
        connection.execute(adding, rows)
        return
    each = _unnested(adding.table, rows)
    connection.execute(adding.from_select(list(rows[0]), select(each)))


def change(connection: Connection, table: Table, by: Sequence[str], rows: Rows) -> None:
    """Update rows, each of those that have its values in the columns `by`."""
    if connection.dialect.name != "postgresql":
        same = [table.c[name] == bindparam(f"its_{name}") for name in by]
        values = {name: bindparam(f"its_{name}", type_=table.c[name].type) for name in rows[0] if name not in by}
        named = [{f"its_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(update(table).where(*same).values(values), named)
        return
    each = _unnested(table, rows)
    same = [table.c[name] == each.c[name] for name in by]
    connection.execute(update(table).where(*same).values({c.name: c for c in each.c if c.name not in by}))


def _unnested(table: Any, rows: Rows) -> Any:
    """These rows as a table to be read from."""
    kinds = {name: table.c[name].type for name in rows[0]}
    arrays = [
        bindparam(f"{name}_s", [row[name] for row in rows], ARRAY(kind, dimensions=1)) for name, kind in kinds.items()
    ]
    return func.unnest(*arrays).table_valued(*(column(name, kind) for name, kind in kinds.items())).render_derived()
