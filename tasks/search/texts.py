"""The words of photos and pages, as full text search looks through them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, select

from tasks.analyses import DOCUMENT
from tasks.search import words
from tasks.search.filters import marks_of
from tasks.store.models import corrections, photos, results, shown, texts
from tasks.store.rows import add, into, one_of

READ: Final = ("ocr", DOCUMENT)
"""Analyses that give text."""

MOST_TOKENS: Final = 16_000
"""PostgreSQL counts places up to 16,383."""

BUCKET: Final = "\ue003"
BUCKETS: Final = (10, 13, 17)
"""Sizes of buckets of photos that were added one after the other, as powers of two."""

_PICTURES: Final = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_TAGS: Final = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo or page whose words are written."""

    id: int
    sha256: str
    page: int
    folder: str
    taken_at: float | None


def photos_of(connection: Connection, ids: Iterable[int]) -> list[Photo]:
    """Photos by their rows."""
    columns = photos.c.id, photos.c.sha256, photos.c.page, photos.c.folder, photos.c.taken_at
    rows = connection.execute(select(*columns).where(photos.c.id.in_(sorted(ids))).order_by(photos.c.id))
    return [Photo(*row) for row in rows]


def text_of(analysis: str, body: Mapping[str, Any]) -> str:
    """What was read, of a finding's body."""
    if analysis == DOCUMENT:
        return _TAGS.sub(" ", _PICTURES.sub(" ", str(body.get("markdown") or "")))
    return "\n".join(line["text"] for line in body.get("lines") or ())


def write(connection: Connection, of: Sequence[Photo], known: Mapping[int, Mapping[str, Any]]) -> None:
    """Write the words of photos anew, from what they show and what a person wrote instead.

    Args:
        known: bodies of findings that need not be read, by their rows.
    """
    read = _read(connection, [photo.id for photo in of], known)
    instead = corrected(connection, [photo.sha256 for photo in of if not photo.page])
    rows, empty = [], []
    for photo in of:
        text = None if photo.page else instead.get(photo.sha256)
        found = words.taken_apart(text if text is not None else "\n".join(read.get(photo.id, ())))
        if found[0]:
            rows.append({"photo_id": photo.id, "words": _kept(connection.dialect.name, photo, *found)})
        else:
            empty.append(photo.id)
    if empty:
        connection.execute(delete(texts).where(texts.c.photo_id.in_(empty)))
    if rows:
        adding = into(connection, texts)
        newer = {"words": adding.excluded.words}
        add(connection, adding.on_conflict_do_update(index_elements=["photo_id"], set_=newer), rows)


def _read(connection: Connection, ids: Sequence[int], known: Mapping[int, Mapping[str, Any]]) -> dict[int, list[str]]:
    """Texts of what is shown, by photo."""
    of = connection.execute(
        select(shown).where(shown.c.photo_id.in_(ids), shown.c.analysis.in_(READ)).order_by(shown.c.analysis)
    ).all()
    missing = [row.result_id for row in of if row.result_id not in known]
    bodies = dict(known)
    if missing:
        query = select(results.c.id, results.c.body).where(results.c.id.in_(missing))
        bodies |= {row.id: row.body for row in connection.execute(query)}
    found: dict[int, list[str]] = {}
    for row in of:
        if row.result_id in bodies:
            found.setdefault(row.photo_id, []).append(text_of(row.analysis, bodies[row.result_id]))
    return found


def corrected(connection: Connection, contents: Sequence[str]) -> dict[str, str]:
    """What persons wrote instead of what was read, by sha256."""
    if not contents:
        return {}
    query = select(corrections.c.sha256, corrections.c.text).where(one_of(connection, corrections.c.sha256, contents))
    return {row.sha256: row.text for row in connection.execute(query)}


def _kept(dialect: str, photo: Photo, found: Sequence[str], characters: Sequence[str]) -> str:
    """Words in order, then single characters and marks, which have no place."""
    placed = found[:MOST_TOKENS]
    beside = [*characters, *marks_of(photo.folder, photo.taken_at)]
    if dialect != "postgresql":
        return " ".join((*placed, *beside))
    return literal(placed, [*beside, *(bucket(photo.id, bits) for bits in BUCKETS)])


def bucket(photo_id: int, bits: int) -> str:
    """The mark of the bucket of this size that a photo is in."""
    return f"{buckets(bits)}{photo_id >> bits}"


def buckets(bits: int) -> str:
    """What the marks of all buckets of a size begin with, before the number of each."""
    return f"{BUCKET}{bits}x"


def literal(placed: Sequence[str], unplaced: Iterable[str]) -> str:
    """A tsvector of words in order and of words without a place. None of them has a quote or a backslash."""
    places: dict[str, list[str]] = {}
    for number, word in enumerate(placed, 1):
        places.setdefault(word, []).append(str(number))
    found = [f"'{word}':{','.join(where)}" for word, where in places.items()]
    return " ".join([*found, *(f"'{word}'" for word in unplaced if word not in places)])
