"""Who sees that indexes are built: a thread of a process that searches, and its child that builds."""

import contextlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from tasks.search.nearest.files import Folder
from tasks.search.nearest.marks import Marks, marks_for
from tasks.search.nearest.spaces import Space, all_spaces
from tasks.store.models import vectors
from tasks.store.session import Store

LOOK_EVERY_S: Final = 10.0
AGAIN_S: Final = 300.0
"""After a child that failed."""

LONG: Final = 5000
"""Vectors that are newer than an index, from which on it is extended."""

log = logging.getLogger(__name__)


class Keeper:
    """Starts the builder of one data folder when an index is far behind SQL; one builds at a time, of all processes.

    Args:
        renew: called now and then, and after a child has built.
    """

    def __init__(self, store: Store, folder: Folder, renew: Callable[[], None]) -> None:
        self._store = store
        self._folder = folder
        self._renew = renew
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="nearest")
        self._child: subprocess.Popen[bytes] | None = None
        self._building = ""
        self._marks: dict[int, Marks] = {}
        self._not_before = 0.0

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking, and end the child."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        if self._child is not None:
            self._child.kill()
            self._end(self._child)

    def _run(self) -> None:
        down = False
        while not self._stopping.is_set():
            try:
                self.look()
                down = False
            except (SQLAlchemyError, OSError) as error:
                if not down:
                    log.warning("the index of vectors waits: %s", error)
                down = True
            self._stopping.wait(LOOK_EVERY_S)

    def look(self) -> None:
        """See what the child has done, and start one where there is need."""
        if self._child is not None:
            if self._child.poll() is None:
                self._renew()
                return
            self._end(self._child)
        self._renew()
        if time.monotonic() < self._not_before:
            return
        with self._store.read() as connection:
            due = [(space, upto) for space in all_spaces(connection) if (upto := self._due(connection, space))]
        for space, upto in due:
            if self._build(space, upto):
                return

    def _due(self, connection: Connection, space: Space) -> int | None:
        """Up to which vector an index is to be extended; None where it is near enough."""
        of_space = vectors.c.space == space.id
        marks = self._marks.setdefault(space.id, marks_for(connection))
        newest = connection.scalar(select(func.max(vectors.c.id)).where(of_space))
        if newest is None:
            self._folder.forget(space)
            return None
        marks.note(newest)
        newer = select(vectors.c.id).where(of_space, vectors.c.id > self._upto(connection, space))
        far = newer.where(vectors.c.id <= marks.settled).order_by(vectors.c.id).offset(LONG).limit(1)
        return marks.settled if connection.scalar(far) is not None else None

    def _upto(self, connection: Connection, space: Space) -> int:
        if connection.dialect.name == "postgresql":
            from tasks.search.nearest.table import Table, has_pgvector

            if has_pgvector(connection):
                return Table(connection, space).upto
        manifest = self._folder.manifest(space)
        return manifest.upto if manifest else 0

    def _build(self, space: Space, upto: int) -> bool:
        """Start a child that builds; False where one is at it already, perhaps another process's."""
        with self._folder.lock(space) as lock:
            if lock is None:
                return False
            words = [sys.executable, "-m", "tasks.search.nearest.build", str(space.id), str(upto)]
            self._child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(lock,))
        self._building = space.model
        return True

    def _end(self, child: "subprocess.Popen[bytes]") -> None:
        with contextlib.suppress(OSError, ValueError):
            said = child.communicate()[0].decode(errors="replace").strip()
            log.info("index of %s: %s", self._building, said or f"its builder ended with {child.returncode}")
        if child.returncode:
            self._not_before = time.monotonic() + AGAIN_S
        self._child = None
