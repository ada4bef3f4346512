"""Many rows at once in each database's own way, and what becomes of a row that is there already.

PostgreSQL gets rows as one JSON text: of a statement for each row it would spend more on the statement than on the row,
and its driver more on an array than the database on all the rest.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

import orjson
from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Insert,
    Table,
    Text,
    bindparam,
    column,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T", str, int)
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
    each = _as_table(adding.table, rows)
    connection.execute(adding.from_select(list(rows[0]), select(each)))


def change(connection: Connection, table: Table, by: Sequence[str], rows: Rows) -> None:
    """Update rows, each of those that have its values in the columns `by`."""
    if connection.dialect.name != "postgresql":
        same = [table.c[name] == bindparam(f"its_{name}") for name in by]
        values = {name: bindparam(f"its_{name}", type_=table.c[name].type) for name in rows[0] if name not in by}
        named = [{f"its_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(update(table).where(*same).values(values), named)
        return
    each = _as_table(table, rows)
    same = [table.c[name] == each.c[name] for name in by]
    connection.execute(update(table).where(*same).values({c.name: c for c in each.c if c.name not in by}))


def one_of(connection: Connection, of: ColumnElement[T], values: Collection[T]) -> ColumnElement[bool]:
    """Whether a column of texts or numbers has one of these values: one parameter, however many they are."""
    return _among(connection.dialect.name, of, _json(list(values)))


def one_of_given(dialect: str, of: ColumnElement[T], name: str) -> ColumnElement[bool]:
    """The same for a statement that is kept: its parameter `name` is the values as JSON."""
    return _among(dialect, of, bindparam(name, type_=Text))


def _among(dialect: str, of: ColumnElement[T], given: BindParameter[str]) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return of.in_(select(func.json_array_elements_text(given.cast(JSON)).cast(of.type)))
    return of.in_(select(func.json_each(given).table_valued(column("value", of.type)).c.value))


def _as_table(table: Any, rows: Rows) -> Any:
    """These rows as a table to be read from."""
    names = (column(name, table.c[name].type) for name in rows[0])
    given = _json(rows).cast(JSON)
    return func.json_to_recordset(given).table_valued(*names).render_derived(with_types=True)


def _json(value: Any) -> BindParameter[str]:
    text = orjson.dumps(value, default=_hexadecimal)
    if rb"\u0000" in text:  # PostgreSQL's texts have no NUL; a file name or an error message may
        text = orjson.dumps(_without_nul(value), default=_hexadecimal)
    return bindparam(None, text.decode(), Text)


def _hexadecimal(value: Any) -> str:
    return f"\\x{value.hex()}"


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case list():
            return [_without_nul(each) for each in value]
        case dict():
            return {name: _without_nul(each) for name, each in value.items()}
    return value
