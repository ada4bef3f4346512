"""Candidates looked at in SQL, and all that may be shown compared where candidates do not suffice."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Select, func, select

from tasks.search.filters import Filters
from tasks.search.nearest.hit import Hit
from tasks.search.nearest.rows import Matrix, matrix
from tasks.search.nearest.spaces import Space
from tasks.store.models import photos, vectors
from tasks.store.rows import one_of

CHUNK: Final = 4000
FEW: Final = 10_000
"""Photos of which it is quicker to compare all than to look for those among the nearest."""


class Best:
    """The nearest photos so far, each once.

    Args:
        most: photos.
    """

    def __init__(self, query: Matrix, most: int) -> None:
        self._query = query
        self._most = most
        self._hits: dict[int, Hit] = {}

    def add(self, rows: Sequence[Any]) -> None:
        """Compare kept vectors: (id, photo, face, data) each."""
        if not rows:
            return
        ids, of, faces, data = zip(*rows, strict=True)
        scores = matrix(data, len(self._query)) @ self._query
        least = self.ranked()[-1].score if len(self._hits) >= self._most else -np.inf
        seen: set[int] = set()
        for place in np.argsort(-scores).tolist():
            score, photo = float(scores[place]), of[place]
            if score <= least or len(seen) >= self._most:
                break
            if photo not in seen:
                seen.add(photo)
                if photo not in self._hits or score > self._hits[photo].score:
                    self._hits[photo] = Hit(photo, score, faces[place], ids[place])
        self._hits = {hit.photo_id: hit for hit in self.ranked()}

    def ranked(self) -> list[Hit]:
        """Best first."""
        return sorted(self._hits.values(), key=lambda hit: (-hit.score, hit.photo_id))[: self._most]


def checked(
    connection: Connection, space: Space, ids: Sequence[int], query: Matrix, limits: Filters, most: int
) -> list[Hit]:
    """Those of candidates that there are and that may be shown, best first."""
    best = Best(query, most)
    for start in range(0, len(ids), CHUNK):
        some = vectors.c.space == space.id, one_of(connection, vectors.c.id, ids[start : start + CHUNK])
        best.add(connection.execute(_allowed(limits).where(*some)).all())
    return best.ranked()


def few(connection: Connection, limits: Filters) -> bool:
    """Whether limits allow so little that all of it is to be compared."""
    if limits == Filters():
        return False
    some = select(photos.c.id).where(*limits.conditions()).limit(FEW + 1).subquery()
    return (connection.scalar(select(func.count()).select_from(some)) or 0) <= FEW


def every(connection: Connection, space: Space, query: Matrix, limits: Filters, most: int) -> list[Hit]:
    """The nearest of all that may be shown, compared one by one."""
    best = Best(query, most)
    # Where there are limits they allow few: the database is to begin with photos, and not with the space's vectors.
    of_space = vectors.c.space if limits == Filters() else vectors.c.space + 0
    allowed = _allowed(limits).where(of_space == space.id)
    for some in connection.execute(allowed.execution_options(yield_per=CHUNK)).partitions():
        best.add(some)
    return best.ranked()


def _allowed(limits: Filters) -> Select[Any]:
    query = select(vectors.c.id, vectors.c.photo_id, vectors.c.face, vectors.c.data)
    return query.join(photos, photos.c.id == vectors.c.photo_id).where(*limits.conditions())
