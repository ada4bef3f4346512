"""A PostgreSQL of its own: a new cluster in a temporary folder, reached by a unix socket there."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from tests.services import programs

TEMPLATE: Final = "darkroom_template"


class Postgres:
    """A running server.

    Attributes:
        folder: its data and its socket.
    """

    def __init__(self, folder: Path, address: str = "", fsync: bool = False) -> None:
        self.folder = folder
        self._address = address
        self._fsync = fsync
        self.start()

    def start(self) -> None:
        """Start it, again where it was stopped, and wait until it answers."""
        program = programs.postgresql("pg_ctl")
        assert program, programs.ADVICE
        settings = {
            "listen_addresses": self._address,
            "unix_socket_directories": str(self.folder),
            "max_connections": "300",
            "fsync": "on" if self._fsync else "off",
        }
        words = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._control("-w", "-l", str(self.folder / "log"), "-o", words, "start")

    def stop(self, how: str = "fast") -> None:
        """End it: `fast` breaks connections in order, `immediate` is a crash."""
        self._control("-w", "-m", how, "stop")

    def _control(self, *words: str) -> None:
        program = programs.postgresql("pg_ctl")
        as_postgres(program or "", "-s", "-D", str(self.folder / "data"), *words)

    def url(self, database: str) -> str:
        """Of a database, for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def empty(self) -> str:
        """A new, empty database; its URL."""
        return self._create("template0")

    def migrated(self) -> str:
        """A new database with our tables; its URL."""
        from tasks.store.session import migrate

        with self._admin() as admin:
            known = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone()
        if not known:
            migrate(self.url(self._named(TEMPLATE, "template0")))
        return self._create(TEMPLATE)

    def _create(self, template: str) -> str:
        return self.url(self._named(f"t{uuid.uuid4().hex}", template))

    def _named(self, name: str, template: str) -> str:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with self._admin() as admin:
            admin.execute(create)
        return name

    def _admin(self) -> psycopg.Connection:
        return psycopg.connect(f"host={self.folder} user=postgres dbname=postgres", autocommit=True)


def as_postgres(*words: str) -> None:
    """Run a program of PostgreSQL, which refuses root."""
    user = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
    done = subprocess.run([*user, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60, check=False)
    assert done.returncode == 0, f"{' '.join(words)} ended with {done.returncode}"


@contextlib.contextmanager
def running(address: str = "", fsync: bool = False) -> Iterator[Postgres]:
    """A new server, listening on a TCP address too where one is given; gone with its data in the end.

    Args:
        address: where it listens beside its socket.
        fsync: whether it waits for the disk, as one that is in use does.
    """
    program = programs.postgresql("initdb")
    assert program, programs.ADVICE
    folder = Path(tempfile.mkdtemp(prefix="dr-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        as_postgres(program, "-D", str(folder / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        with (folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")
        server = Postgres(folder, address, fsync)
        try:
            yield server
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
