"""The database itself: its file, and its schema."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

import tasks.store.session
from tasks.consistency.fault import Fault, Kept
from tasks.store.session import Store

RESTORE = "Restore a backup (docs/backup.md), or save what is left: sqlite3 darkroom.db .recover | sqlite3 new.db"


def damage(kept: Kept) -> Iterator[Fault]:
    """What SQLite says of its file; a server looks after its own."""
    if kept.store.engine.dialect.name != "sqlite":
        return
    said = _integrity(kept.store)
    if said is None:
        return

    def reindex() -> str | None:
        with contextlib.suppress(DatabaseError), kept.store.write() as connection:
            connection.execute(text("REINDEX"))
        return "indexes were made anew" if _integrity(kept.store) is None else None

    yield Fault(f"the database is damaged: {said}", reindex, RESTORE)


def _integrity(store: Store) -> str | None:
    try:
        with store.read() as connection:
            said = connection.execute(text("PRAGMA integrity_check(1)")).scalars().all()
    except DatabaseError as error:
        return str(error.orig)
    return None if said == ["ok"] else "; ".join(str(line) for line in said)


def schema(kept: Kept) -> Iterator[Fault]:
    """Whether its tables are those of this version."""
    config = Config()
    config.set_main_option("script_location", str(Path(tasks.store.session.__file__).parent / "migrations"))
    newest = ScriptDirectory.from_config(config)
    with kept.store.read() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision == newest.get_current_head():
        return
    ours = {script.revision for script in newest.walk_revisions()} | {None}
    step = "darkroom up brings it up to date." if revision in ours else "Use the newer Darkroom that wrote it."
    yield Fault(f"the database has schema {revision or 'none'}, not {newest.get_current_head()}", None, step)
