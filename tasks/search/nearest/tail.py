"""The vectors that are newer than the index file: read as they come, held in memory, and all compared."""

from typing import Final

import numpy as np
from sqlalchemy import Connection, select

from tasks.search.nearest.marks import Marks, marks_for
from tasks.search.nearest.rows import Matrix, matrix
from tasks.search.nearest.spaces import Space
from tasks.store.models import vectors
from tasks.store.rows import one_of

MOST: Final = 20_000
"""Vectors that are held, the newest ones: 40 MB of 512 numbers each, and a few milliseconds to compare them all."""

CHUNK: Final = 1000


class Tail:
    """The newest vectors of a space, after an id. Not thread safe.

    Attributes:
        after: what is up to this id is not here.
    """

    def __init__(self, space: Space, after: int) -> None:
        self.after = after
        self._space = space
        self._marks: Marks | None = None
        self._held: set[int] = set()
        self._ids = np.empty(0, np.int64)  # of these and the next, the first len(self) are in use
        self._vectors = np.empty((0, space.dim), np.float32)

    def __len__(self) -> int:
        return len(self._held)

    def refresh(self, connection: Connection) -> None:
        """Read what has come since."""
        if self._marks is None:
            self._marks = marks_for(connection)
            self._pass_over(connection)
        newer = select(vectors.c.id).where(
            vectors.c.space == self._space.id, vectors.c.id > max(self.after, self._marks.settled)
        )
        fresh = [key for key in connection.scalars(newer.order_by(vectors.c.id)) if key not in self._held]
        for start in range(0, len(fresh), CHUNK):
            self._read(connection, fresh[start : start + CHUNK])
        if self._held:
            self._marks.note(int(self._ids[: len(self)].max()))
        if len(self) > MOST + MOST // 10:  # not for each that comes
            self.drop(int(np.partition(self._ids[: len(self)], -MOST - 1)[-MOST - 1]))

    def _pass_over(self, connection: Connection) -> None:
        """Leave out what is too much before it is read."""
        newest = select(vectors.c.id).where(vectors.c.space == self._space.id, vectors.c.id > self.after)
        last = connection.scalar(newest.order_by(vectors.c.id.desc()).offset(MOST).limit(1))
        self.after = last or self.after

    def _read(self, connection: Connection, ids: list[int]) -> None:
        rows = connection.execute(
            select(vectors.c.id, vectors.c.data).where(one_of(connection, vectors.c.id, ids))
        ).all()
        start, end = len(self), len(self) + len(rows)
        if end > len(self._ids):
            room = max(2 * len(self._ids), end)
            self._ids = np.resize(self._ids, room) if start else np.empty(room, np.int64)
            grown = np.empty((room, self._space.dim), np.float32)
            grown[:start] = self._vectors[:start]
            self._vectors = grown
        self._ids[start:end] = [row.id for row in rows]
        self._vectors[start:end] = matrix([row.data for row in rows], self._space.dim)
        self._held.update(row.id for row in rows)

    def drop(self, upto: int) -> None:
        """Let go of what is up to an id."""
        ids = self._ids[: len(self)]
        keep = ids > upto
        self._ids, self._vectors = ids[keep], self._vectors[: len(self)][keep]
        self._held = set(self._ids.tolist())
        self.after = max(self.after, upto)

    def search(self, query: Matrix, count: int) -> list[int]:
        """The nearest ids to one vector, in no order."""
        ids = self._ids[: len(self)]
        if len(ids) > count:
            ids = ids[np.argpartition(self._vectors[: len(self)] @ query, -count)[-count:]]
        return [int(key) for key in ids]
