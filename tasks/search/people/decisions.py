"""What people decide of people: names, merges, splits. The faces that they have seen then are pinned."""

import time
import uuid
from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from tasks.errors import TaskError
from tasks.search.people import rows
from tasks.store.again import again
from tasks.store.models import people, person_faces
from tasks.store.session import Store


class DecisionWrong(TaskError):
    """People that cannot be one, or faces that are not this person's."""

    code = "bad_request"


@again
def name(store: Store, person_id: str, given: str | None) -> None:
    """Name a person, or take the name away. Raises PersonUnknown."""
    with store.write() as connection:
        rows.lock(connection)
        rows.person(connection, person_id)
        connection.execute(update(people).where(people.c.id == person_id).values(name=given))
        if given is not None:
            _pin(connection, person_id)


def merge(store: Store, person_id: str, others: Sequence[str]) -> None:
    """Let other people be this person, whose id and name stay; without a name the first that one of them has is taken.

    Raises:
        PersonUnknown, DecisionWrong.
    """
    with store.write() as connection:
        rows.lock(connection)
        kept = rows.person(connection, person_id)
        gone = [rows.person(connection, each) for each in dict.fromkeys(others) if each != person_id]
        if any(each.space != kept.space for each in gone):
            raise DecisionWrong(
                "Faces of two models cannot be compared, so their people cannot be merged.",
                "Merge people whose photos were looked at by the same face model.",
            )
        ids = [each.id for each in gone]
        connection.execute(update(person_faces).where(person_faces.c.person_id.in_(ids)).values(person_id=person_id))
        connection.execute(delete(people).where(people.c.id.in_(ids)))
        named = kept.name or next((each.name for each in gone if each.name), None)
        connection.execute(update(people).where(people.c.id == person_id).values(name=named))
        _pin(connection, person_id)


def split(store: Store, person_id: str, faces: Sequence[int]) -> str:
    """Let some of a person's faces be somebody else's, who has no name yet; the new person's id.

    Raises:
        PersonUnknown, DecisionWrong.
    """
    wanted, new_id = set(faces), uuid.uuid4().hex
    with store.write() as connection:
        rows.lock(connection)
        kept = rows.person(connection, person_id)
        mine = set(connection.scalars(select(person_faces.c.vector_id).where(person_faces.c.person_id == person_id)))
        if strangers := sorted(wanted - mine):
            raise DecisionWrong(
                f"Face {strangers[0]} is not this person's.", f"GET /api/people/{person_id} lists them."
            )
        if wanted == mine:
            raise DecisionWrong("These are all of this person's faces.", "Leave at least one, or name the person anew.")
        connection.execute(insert(people).values(id=new_id, space=kept.space, name=None, created_at=time.time()))
        _pin(connection, person_id)  # or the next clustering would put together again what is apart now
        for some in rows.chunks(sorted(wanted)):
            connection.execute(update(person_faces).where(person_faces.c.vector_id.in_(some)).values(person_id=new_id))
    return new_id


def _pin(connection: Connection, person_id: str) -> None:
    connection.execute(update(person_faces).where(person_faces.c.person_id == person_id).values(pinned=True))
