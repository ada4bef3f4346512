"""The program that extends the index of a space: `python -m tasks.search.nearest.build SPACE UPTO`.

It works at a low priority, holds the lock that its parent has taken, and ends with its parent. What it has built is
saved from time to time, so that little is lost where it ends early, and searches see it soon.
"""

import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Final, Protocol

import numpy as np
from sqlalchemy import Connection, func, select

from tasks.search.nearest.files import Folder, NotTrusted
from tasks.search.nearest.graph import Graph
from tasks.search.nearest.rows import Matrix, matrix
from tasks.search.nearest.spaces import Space, all_spaces
from tasks.search.nearest.table import has_pgvector
from tasks.settings import TaskSettings
from tasks.store.models import vectors
from tasks.store.session import Store

NICE: Final = 15
CHUNK: Final = 5000
SAVE_EVERY: Final = 50_000
SAMPLE: Final = 64
ALIKE: Final = 0.98
"""Cosine of a vector and what an index has of it, at least."""

MOST_GONE: Final = 0.25
"""Share of vectors that an index may hold although they are gone from SQL."""


class Growing(Protocol):
    """An index that is extended.

    Attributes:
        upto: all vectors up to this id that there were are in it.
    """

    upto: int

    def __len__(self) -> int: ...

    def add(self, ids: list[int], found: Matrix) -> None:
        """Add vectors [n, dim]."""
        ...

    def save(self, upto: int) -> None:
        """Let searches see it."""
        ...


class GrowingFile:
    """An index file; one that SQL does not bear out is begun anew."""

    def __init__(self, connection: Connection, folder: Folder, space: Space) -> None:
        self._folder = folder
        self._space = space
        self.upto = 0
        self._graph = Graph.new(space.dim)
        manifest = folder.manifest(space)
        if manifest is not None:
            with contextlib.suppress(NotTrusted, OSError):
                graph = Graph.load(folder.check(manifest), space.dim)
                if fits(connection, space, graph, manifest.upto):
                    self.upto, self._graph = manifest.upto, graph

    def __len__(self) -> int:
        return len(self._graph)

    def add(self, ids: list[int], found: Matrix) -> None:
        """Add vectors [n, dim]."""
        self._graph.add(np.array(ids, np.uint64), found)

    def save(self, upto: int) -> None:
        """Write the file and let it be the newest; an index of nothing is none."""
        if not len(self):
            self._folder.forget(self._space)
            return
        self._graph.save(self._folder.partial(self._space))
        self._folder.publish(self._space, upto, len(self._graph))
        self.upto = upto


def fits(connection: Connection, space: Space, graph: Graph, upto: int) -> bool:
    """Whether an index has what SQL has, as far as a sample tells, and not too much besides.

    A database that was restored from a backup gives ids again that the index knows as others.
    """
    of_space = vectors.c.space == space.id, vectors.c.id <= upto
    live = connection.scalar(select(func.count()).select_from(vectors).where(*of_space)) or 0
    if not live or len(graph) < live or len(graph) - live > MOST_GONE * len(graph):
        return False
    for _ in range(SAMPLE):
        some = select(vectors.c.id, vectors.c.data).where(*of_space, vectors.c.id >= random.randint(0, upto))  # noqa: S311
        row = connection.execute(some.order_by(vectors.c.id).limit(1)).first()
        if row is None:
            continue
        held: Any = graph.get(np.array([row.id], np.uint64))[0]
        if held is None or matrix([row.data], space.dim)[0] @ held < ALIKE * np.linalg.norm(held):
            return False
    return True


def extend(store: Store, growing: Growing, space: Space, upto: int) -> int:
    """Add the vectors after what an index has, up to an id; how many."""
    added, unsaved, after = 0, 0, growing.upto
    for ids, found in _newer(store, space, after, upto):
        growing.add(ids, found)
        added, unsaved, after = added + len(ids), unsaved + len(ids), ids[-1]
        if unsaved >= max(SAVE_EVERY, len(growing) // 4):
            growing.save(after)
            unsaved = 0
    growing.save(upto)
    return added


def _newer(store: Store, space: Space, after: int, upto: int) -> Iterator[tuple[list[int], Matrix]]:
    while True:
        newer = select(vectors.c.id, vectors.c.data).where(
            vectors.c.space == space.id, vectors.c.id > after, vectors.c.id <= upto
        )
        with store.read() as connection:
            rows = connection.execute(newer.order_by(vectors.c.id).limit(CHUNK)).all()
        if not rows:
            return
        after = rows[-1].id
        yield [row.id for row in rows], matrix([row.data for row in rows], space.dim)


def build(settings: TaskSettings, space_id: int, upto: int) -> str:
    """Extend the index of a space; what was done, for a log. Raises OSError, sqlalchemy.exc.SQLAlchemyError."""
    started = time.monotonic()
    store = Store(settings.database)
    try:
        with store.read() as connection:
            space = next((each for each in all_spaces(connection) if each.id == space_id), None)
            if space is None:
                return "its space is gone"
            in_database = has_pgvector(connection)
            if not in_database:
                growing: Growing = GrowingFile(connection, Folder(settings.home), space)
        if in_database:
            from tasks.search.nearest.build_table import GrowingTable

            growing = GrowingTable(store, space)
        added = extend(store, growing, space, upto)
        return f"{added} vectors added to {len(growing) - added} in {time.monotonic() - started:.1f} s"
    finally:
        store.close()


def _end_with_parent() -> None:
    """Its end of our stdin is closed by whatever ends it."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(1)


def main() -> None:
    """Build, and say what was done on stdout."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # in a terminal it is for our parent to act on
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(NICE)
    sys.stdout.write(build(TaskSettings(), int(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    main()
