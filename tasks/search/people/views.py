"""People and their faces, as they are shown."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from tasks.search.people import rows
from tasks.store.models import people, person_faces, photos, results, shown, vectors
from tasks.store.session import Store


def listed(store: Store, limit: int, cursor: str | None = None) -> tuple[list[dict[str, Any]], str | None]:
    """People, those with most faces first, and the cursor of the next page.

    Raises:
        ValueError: for a cursor that is none.
    """
    count = func.count().label("faces")
    query = select(person_faces.c.person_id, count, func.min(person_faces.c.vector_id).label("cover"))
    query = query.group_by(person_faces.c.person_id).order_by(count.desc(), person_faces.c.person_id).limit(limit + 1)
    if cursor:
        faces, _, last = cursor.partition("-")
        number = min(int(faces), 2**31 - 1)
        after = and_(func.count() == number, person_faces.c.person_id > last)
        query = query.having(or_(func.count() < number, after))
    with store.read() as connection:
        found = connection.execute(query).all()
        page = found[:limit]
        named = select(people.c.id, people.c.name).where(people.c.id.in_([row.person_id for row in page]))
        names = {row.id: row.name for row in connection.execute(named)}
        covers = {face["id"]: face for face in _faces(connection, [row.cover for row in page])}
    items = [
        {"id": row.person_id, "name": names.get(row.person_id), "faces": row.faces, "cover": _cover(covers, row.cover)}
        for row in page
    ]
    return items, f"{page[-1].faces}-{page[-1].person_id}" if len(found) > limit else None


def _cover(covers: dict[int, dict[str, Any]], face: int) -> dict[str, Any] | None:
    found = covers.get(face)
    return {name: found[name] for name in ("sha256", "box", "width", "height")} if found else None


def one(store: Store, person_id: str, limit: int, after: int = 0) -> dict[str, Any]:
    """A person with a page of faces: those after a face's id. Raises PersonUnknown."""
    mine = person_faces.c.person_id == person_id
    with store.read() as connection:
        row = rows.person(connection, person_id)
        count = connection.scalar(select(func.count()).select_from(person_faces).where(mine))
        query = select(person_faces.c.vector_id).where(mine, person_faces.c.vector_id > after)
        ids = list(connection.scalars(query.order_by(person_faces.c.vector_id).limit(limit + 1)))
        faces = _faces(connection, ids[:limit])
    return {
        "id": row.id,
        "name": row.name,
        "count": count,
        "faces": faces,
        "next": str(ids[limit - 1]) if len(ids) > limit else None,
    }


def _faces(connection: Connection, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Faces by their ids, in this order: {"id", "sha256", "box", "name", "width", "height"}."""
    p = photos.c
    query = (
        select(vectors.c.id, vectors.c.face, p.sha256, p.name, p.width, p.height, results.c.body)
        .join(photos, photos.c.id == vectors.c.photo_id)
        .outerjoin(shown, (shown.c.photo_id == photos.c.id) & (shown.c.analysis == "face"))
        .outerjoin(results, results.c.id == shown.c.result_id)
    )
    found: dict[int, dict[str, Any]] = {}
    for some in rows.chunks(ids):
        for row in connection.execute(query.where(vectors.c.id.in_(some))):
            photo = {"sha256": row.sha256, "name": row.name, "width": row.width, "height": row.height}
            found[row.id] = {"id": row.id, "box": _box(row.body, row.face), **photo}
    return [found[face] for face in ids if face in found]


def _box(body: Any, face: int | None) -> Any:
    faces: Iterable[Any] = (body or {}).get("faces", ())
    return next((each["box"] for number, each in enumerate(faces) if number == face), None)
