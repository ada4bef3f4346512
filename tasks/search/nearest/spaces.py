"""Spaces: vectors of one model and one revision of it, which are compared with each other and with no others."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tasks.store.models import photos, spaces, vectors


@dataclass(frozen=True, slots=True)
class Space:
    """Where vectors of one kind, model and revision are.

    Attributes:
        kind: `clip` or `face`.
        dim: numbers of a vector.
    """

    id: int
    kind: str
    model: str
    revision: str
    dim: int


_COLUMNS = tuple(spaces.c[name] for name in Space.__slots__)


def all_spaces(connection: Connection, kind: str | None = None) -> list[Space]:
    """Every space, or every one of a kind, the oldest first."""
    query = select(*_COLUMNS).order_by(spaces.c.id)
    if kind is not None:
        query = query.where(spaces.c.kind == kind)
    return [Space(*row) for row in connection.execute(query)]


def vectors_of(connection: Connection, space: Space, sha256: str, face: int | None = None) -> list[tuple[float, ...]]:
    """The vectors that a photo has in a space, each of length one: its own, or those of its faces.

    Args:
        face: number of one of its faces, from 0; None for all.
    """
    query = (
        select(vectors.c.data)
        .join(photos, photos.c.id == vectors.c.photo_id)
        .where(photos.c.sha256 == sha256, vectors.c.space == space.id)
        .order_by(vectors.c.face, vectors.c.id)
    )
    if face is not None:
        query = query.where(vectors.c.face == face)
    return [unpack(data) for data in connection.scalars(query)]


def unpack(data: bytes) -> tuple[float, ...]:
    """The numbers of a kept vector, little-endian float16."""
    return struct.unpack(f"<{len(data) // 2}e", data)


def pack(numbers: Sequence[float]) -> bytes:
    """A vector as it is kept: of length one, little-endian float16; empty where it has no length."""
    import numpy as np

    values = np.asarray(numbers, np.float32)
    length = float(np.linalg.norm(values))
    return (values / length).astype("<f2").tobytes() if 0 < length < float("inf") else b""
