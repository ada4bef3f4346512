"""The vectors of photos and faces, as the search for neighbours looks through them."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from tasks.results import Finding
from tasks.store.models import spaces, vectors
from tasks.store.rows import add, change, into

KINDS: Final = ("clip", "face")
"""Analyses that give vectors, and the kinds of their spaces."""

SURE: Final = 0.65
"""Certainty from which on a face is somebody's; below it a detector takes folds of clothes for faces."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A vector to be written."""

    photo_id: int
    space: int
    face: int | None
    data: bytes


def write(connection: Connection, found: Sequence[tuple[int, Finding]], now: float) -> None:
    """Write the vectors of findings in place of those that their photos had of the same kind.

    A vector that is there already keeps its row, and with it the person whom it was given to.

    Args:
        found: photos, whose rows are locked, and findings of KINDS.
    """
    rows = _rows(connection, found)
    asked = {(photo_id, finding.analysis) for photo_id, finding in found}
    held = _held(connection, asked)
    fresh, renumbered = [], []
    for row in rows:
        same = held.pop((row.photo_id, row.space, row.data), None)
        if same is None:
            fresh.append(row)
        elif same.face != row.face:
            renumbered.append({"id": same.id, "face": row.face})
    if held:
        connection.execute(delete(vectors).where(vectors.c.id.in_([row.id for row in held.values()])))
    if renumbered:
        change(connection, vectors, ["id"], renumbered)
    if fresh:
        values = [{name: getattr(row, name) for name in row.__slots__} | {"at": now} for row in fresh]
        add(connection, insert(vectors), values)


def remove(connection: Connection, photos: Sequence[int], kind: str) -> None:
    """Remove the vectors that photos have of a kind."""
    of = select(spaces.c.id).where(spaces.c.kind == kind)
    connection.execute(delete(vectors).where(vectors.c.photo_id.in_(photos), vectors.c.space.in_(of)))


def unit(vector: str) -> bytes | None:
    """A vector as findings have it, as little-endian float16 of length one; None where it has no direction."""
    import numpy as np

    numbers = np.frombuffer(base64.b64decode(vector), dtype="<f4").astype(np.float64)
    length = float(np.sqrt(np.dot(numbers, numbers)))
    if not np.isfinite(length) or length == 0.0:
        return None
    data: bytes = (numbers / length).astype("<f2").tobytes()
    return data


def _rows(connection: Connection, found: Sequence[tuple[int, Finding]]) -> list[_Row]:
    flat = [
        (photo_id, finding, face, data)
        for photo_id, finding in found
        for face, vector in _vectors(finding)
        if (data := unit(vector)) is not None
    ]
    wanted = {(finding.analysis, finding.model, finding.revision, len(data) // 2) for _, finding, _, data in flat}
    known = _spaces(connection, wanted) if wanted else {}
    return [
        _Row(photo_id, known[finding.analysis, finding.model, finding.revision, len(data) // 2], face, data)
        for photo_id, finding, face, data in flat
    ]


def _vectors(finding: Finding) -> list[tuple[int | None, str]]:
    if finding.analysis == "clip":
        return [(None, finding.body["vector"])]
    faces = enumerate(finding.body.get("faces") or ())
    return [(number, face["vector"]) for number, face in faces if face["score"] >= SURE]


Space = tuple[str, str, str, int]
_COLUMNS: Final = ("kind", "model", "revision", "dim")


def _spaces(connection: Connection, wanted: set[Space]) -> Mapping[Space, int]:
    """Rows of spaces, made where they are missing."""
    for _ in range(2):
        known: dict[Space, int] = {
            (row.kind, row.model, row.revision, row.dim): row.id for row in connection.execute(select(spaces))
        }
        missing = sorted(wanted - known.keys())
        if not missing:
            break
        connection.execute(
            into(connection, spaces).on_conflict_do_nothing(),
            [dict(zip(_COLUMNS, space, strict=True)) for space in missing],
        )
    return known


def _held(connection: Connection, asked: set[tuple[int, str]]) -> dict[tuple[int, int, bytes], Any]:
    photos = sorted({photo_id for photo_id, _ in asked})
    query = select(vectors.c.id, vectors.c.photo_id, vectors.c.space, vectors.c.face, vectors.c.data, spaces.c.kind)
    rows = connection.execute(query.join(spaces, spaces.c.id == vectors.c.space).where(vectors.c.photo_id.in_(photos)))
    return {(row.photo_id, row.space, bytes(row.data)): row for row in rows if (row.photo_id, row.kind) in asked}
