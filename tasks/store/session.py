"""Connections to the store: SQLite (WAL) by default, any SQLAlchemy database by its URL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url

POOL: Final = {"pool_size": 4, "max_overflow": 36, "pool_timeout": 20, "pool_pre_ping": True}
"""A connection is held for one transaction only; those over four are given back to the server after it."""

POSTGRES: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "darkroom",
    "options": "-c statement_timeout=60s -c lock_timeout=20s -c idle_in_transaction_session_timeout=60s -c jit=off",
}
"""So that a server that is gone without a word is noticed, and nothing of ours holds others up for ever.

Compiling a statement takes PostgreSQL longer than any of ours runs.
"""

MIGRATING: Final = 0x6461726B
"""Key of the advisory lock under which a schema is changed."""


class Store:
    """One pool of connections, with reading and writing transactions told apart.

    SQLite takes its single write lock when a writing transaction begins, not in its middle, so that two writers wait
    for each other instead of failing. PostgreSQL runs at READ COMMITTED: what must hold still is locked by row.

    Args:
        read_only: SQLite's file is not changed and not made where it is missing.
    """

    def __init__(self, url: str, read_only: bool = False) -> None:
        self.engine = _create_engine(url, read_only)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """The same, where all statements see the store as it was at one moment."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's reading transactions are so by themselves
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; committed at the end, rolled back on an exception."""
        then: list[Callable[[], None]] = []
        with self.engine.connect().execution_options(write=True, then=then) as connection, connection.begin():
            yield connection
        for each in then:
            each()

    def check(self) -> None:
        """Ask the store for the number one.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: when it does not answer.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def afterwards(connection: Connection, act: Callable[[], None]) -> None:
    """Do something once a writing transaction is committed, and not if it is rolled back."""
    connection.get_execution_options()["then"].append(act)


def _create_engine(url: str, read_only: bool) -> Engine:
    parsed = _with_driver(make_url(url))
    kwargs: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # of errors, which are logged: they may be texts, names or hashes of passwords
    }
    match parsed.get_backend_name():
        case "sqlite":
            if parsed.database and read_only:
                file = Path(parsed.database).absolute().as_uri()
                # Without a log beside it nobody has it open, and SQLite need not make one to read it.
                alone = not Path(f"{parsed.database}-wal").exists()
                how = {"mode": "ro", "uri": "true"} | ({"immutable": "1"} if alone else {})
                parsed = parsed.set(database=file).update_query_dict(how)
            elif parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(parsed, connect_args={"timeout": 30, "check_same_thread": False}, **kwargs)
            event.listen(engine, "connect", _leave_beginning_to_us if read_only else _configure_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        case "postgresql":
            asked = {name: value for name, value in POSTGRES.items() if name not in parsed.query}
            engine = create_engine(parsed, connect_args=asked, isolation_level="READ COMMITTED", **POOL, **kwargs)
            event.listen(engine, "connect", _configure_postgres)
        case _:
            engine = create_engine(parsed, **POOL, **kwargs)
    return engine


def _with_driver(url: URL) -> URL:
    """`postgres://` and `postgresql://`, as everybody writes them, mean the driver that we bring."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in ("postgres", "postgresql") else url


def _leave_beginning_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver


def _configure_sqlite(connection: Any, record: Any) -> None:
    _leave_beginning_to_us(connection, record)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _configure_postgres(connection: Any, _record: Any) -> None:
    from psycopg.types.string import StrDumper

    class Plain(StrDumper):
        """PostgreSQL's text has no NUL; a file name or an error message may."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in obj else obj)

    connection.adapters.register_dumper(str, Plain)


def migrate(database_url: str) -> None:
    """Bring the store to the newest schema; safe to run again, and by several processes at once."""
    change(database_url, "head")


def change(database_url: str, revision: str) -> None:
    """Bring the store to a revision: `head`, `base` (no tables at all), or a number of tasks/store/migrations."""
    from alembic import command
    from alembic.config import Config

    store = Store(database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with store.write() as connection:
            if connection.dialect.name == "postgresql":  # until the transaction ends
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
            config.attributes["connection"] = connection
            (command.downgrade if revision == "base" else command.upgrade)(config, revision)
    finally:
        store.close()
