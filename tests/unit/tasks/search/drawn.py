"""Vectors drawn for tests, and photos that have them."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select

from tasks.search.nearest import Space, all_spaces
from tasks.store.models import photos, spaces, vectors
from tasks.store.session import Store

Matrix = NDArray[np.float32]
DIM = 16


def unit(count: int, seed: int = 0, dim: int = DIM) -> Matrix:
    """Vectors of length one in all directions."""
    made = np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32)
    return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), np.float32)


def space(store: Store, kind: str = "clip", model: str = "drawn", dim: int = DIM) -> Space:
    """A new space."""
    with store.write() as connection:
        connection.execute(insert(spaces).values(kind=kind, model=model, revision="1", dim=dim))
        return all_spaces(connection)[-1]


def add(store: Store, into: Space, found: Matrix, folder: str = "", faces: int = 0) -> list[int]:
    """A photo for each vector, or for each so many of them as faces; the vectors' ids."""
    many = faces or 1
    with store.write() as connection:
        newest = connection.scalar(select(func.max(photos.c.id))) or 0
        some = [
            {"sha256": f"{n:064}", "page": 0, "name": f"{n}.jpg", "folder": folder, "width": 10, "height": 10}
            for n in range(newest + 1, newest + 1 + -(-len(found) // many))
        ]
        made = insert(photos).returning(photos.c.id, sort_by_parameter_order=True)
        ids = list(connection.scalars(made, some))
        rows = [
            {
                "space": into.id,
                "photo_id": ids[number // many],
                "face": number % many if faces else None,
                "data": vector.astype("<f2").tobytes(),
                "at": 0.0,
            }
            for number, vector in enumerate(found)
        ]
        added = insert(vectors).returning(vectors.c.id, sort_by_parameter_order=True)
        return list(connection.scalars(added, rows))


def remove(store: Store, ids: Iterable[int]) -> None:
    """Let vectors be gone."""
    with store.write() as connection:
        connection.execute(delete(vectors).where(vectors.c.id.in_(list(ids))))


def exact(ids: Sequence[int], found: Matrix, query: Matrix, most: int) -> list[int]:
    """What a search is to find: the ids of the nearest vectors."""
    kept = found.astype("<f2").astype(np.float32)
    return [ids[int(place)] for place in np.argsort(-(kept @ query), kind="stable")[:most]]
