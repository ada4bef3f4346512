"""The tables that a database has beside those of the code."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

import tasks.store.session
from tasks.store.models import metadata
from tasks.store.session import Store


def is_ours(name: str) -> bool:
    """Whether a table is one of the code's, and not of those in which SQLite keeps its index of words."""
    return name != "found" and not name.startswith("found_")


def differences(connection: Connection) -> list[Any]:
    """What the tables are otherwise than the code has them."""
    sqlite = connection.dialect.name == "sqlite"

    def counts(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
        return is_ours(name or "") if kind == "table" else not (sqlite and name == "ix_texts_words")

    context = MigrationContext.configure(connection, opts={"include_object": counts})
    return list(compare_metadata(context, metadata))


def go_down(store: Store, revision: str) -> None:
    """Take a store back to an earlier revision."""
    config = Config()
    config.set_main_option("script_location", str(Path(tasks.store.session.__file__).parent / "migrations"))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
