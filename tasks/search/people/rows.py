"""People as rows: who is whose face, under one lock for all that changes it."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, text

from tasks.errors import TaskError
from tasks.search.nearest.spaces import Space
from tasks.store.models import people, person_faces, vectors
from tasks.store.rows import change

KEY: Final = 0x70656F70
"""Of PostgreSQL's advisory lock; SQLite has one writer anyway."""

CHUNK: Final = 1000


class PersonUnknown(TaskError):
    """Nobody has this id, or no longer."""

    code = "person_not_found"


def lock(connection: Connection) -> None:
    """Let nobody else change who is who until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY})


def person(connection: Connection, person_id: str) -> Any:
    """A person's row. Raises PersonUnknown."""
    found = connection.execute(select(people).where(people.c.id == person_id)).first()
    if found is None:
        raise PersonUnknown(f"There is no person {person_id}.", "GET /api/people lists those that there are.")
    return found


def faces_of(connection: Connection, space: Space, pinned: bool) -> dict[int, str]:
    """Face -> person, of a space: by decision, or by clustering."""
    query = select(person_faces.c.vector_id, person_faces.c.person_id)
    query = query.join(vectors, vectors.c.id == person_faces.c.vector_id)
    rows = connection.execute(query.where(vectors.c.space == space.id, person_faces.c.pinned.is_(pinned)))
    return {row.vector_id: row.person_id for row in rows}


def write(connection: Connection, space: Space, wanted: dict[int, str], now: float) -> None:
    """Let these faces, and none of the others that are not pinned, be these people's; who is left without goes."""
    before = faces_of(connection, space, pinned=False)
    known = set(connection.scalars(select(people.c.id).where(people.c.space == space.id)))
    fresh = sorted(set(wanted.values()) - known)
    if fresh:
        rows = [{"id": each, "space": space.id, "name": None, "created_at": now} for each in fresh]
        connection.execute(insert(people), rows)
    for some in chunks([face for face in before if face not in wanted]):
        connection.execute(delete(person_faces).where(person_faces.c.vector_id.in_(some)))
    moved = [{"vector_id": face, "person_id": who} for face, who in wanted.items() if before.get(face, who) != who]
    if moved:
        change(connection, person_faces, ["vector_id"], moved)
    added = [{"vector_id": face, "person_id": who, "pinned": False} for face, who in wanted.items()]
    if added := [row for row in added if row["vector_id"] not in before]:
        connection.execute(insert(person_faces), added)
    drop_empty(connection, space.id)


def drop_empty(connection: Connection, space: int) -> None:
    """Forget who has neither a face nor a name."""
    has_face = select(person_faces.c.vector_id).where(person_faces.c.person_id == people.c.id).exists()
    connection.execute(delete(people).where(people.c.space == space, people.c.name.is_(None), ~has_face))


def chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    """Ids, some of them at a time: databases limit the values of one statement."""
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
