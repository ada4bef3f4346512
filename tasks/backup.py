"""A copy of a data folder that is whole, made while the service works on it.

The database comes first to its last transaction, then every upload that this state needs. An upload is kept while it is
needed and for BLOB_TTL_S after it was put, so what was needed at the beginning is copied at the beginning, and what was
put since is there at the end.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url

from tasks.blobs import Spool, open_blobs
from tasks.jobs import Jobs
from tasks.store.session import Store

if TYPE_CHECKING:
    from tasks.settings import TaskSettings

KEPT_FILES: Final = ("secret.key",)
"""Signs tokens: without it everybody has to sign in again."""


class NotOurs(Exception):
    """What is to be copied is kept by a server; the message names its own way."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied.

    Attributes:
        database_bytes: size of the copy, which has no unused pages.
        uploads: files.
        elsewhere: uploads wait in a place that is not a folder, and were not copied.
    """

    database_bytes: int
    uploads: int
    elsewhere: bool


def make(settings: "TaskSettings", to: Path) -> Copied:
    """Copy all that a service needs to go on into a new folder, which appears when it is whole.

    Raises:
        NotOurs: the database is a server's.
        FileExistsError: `to` is there already.
        OSError, sqlite3.Error: it cannot be read or written.
    """
    if make_url(settings.database).get_backend_name() != "sqlite":
        raise NotOurs("DATABASE_URL names a server: copy it by its own means, such as pg_dump (docs/backup.md).")
    if to.exists():
        raise FileExistsError(f"{to} is there already")
    part = to.with_name(f"{to.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "spool").mkdir(mode=0o700, parents=True)
    part.chmod(0o700)
    blobs = open_blobs(settings.blobs, settings.copies)
    spool = blobs if isinstance(blobs, Spool) else None
    if spool is not None:
        _copy_needed(spool, settings.database, part)
    _copy_database(settings.database, part / "darkroom.db")
    if spool is not None:
        _copy_needed(spool, f"sqlite:///{part / 'darkroom.db'}", part)
    for name in KEPT_FILES:
        if (settings.home / name).exists():
            shutil.copy2(settings.home / name, part / name)
    os.sync()
    part.rename(to)
    uploads = sum(1 for _ in (to / "spool").glob("*/*"))
    return Copied((to / "darkroom.db").stat().st_size, uploads, spool is None)


def _copy_database(url: str, to: Path) -> None:
    store = Store(url, read_only=True)
    try:
        with store.engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.cursor().execute("VACUUM INTO ?", (str(to),))  # one reading transaction: writers go on
    finally:
        store.close()
    to.chmod(0o600)


def _copy_needed(spool: Spool, url: str, part: Path) -> None:
    """Copy the uploads that jobs of a database need and that are not copied yet; none that is needed goes meanwhile."""
    store = Store(url, read_only=True)
    try:
        there = spool.older_than(float("-inf"))
        needed = Jobs(store).needed_blobs(list(there))
    finally:
        store.close()
    for key in needed:
        to = part / "spool" / key[:2] / key
        if not to.exists():
            to.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                shutil.copy2(there[key], to)
            except FileNotFoundError:
                to.unlink(missing_ok=True)
