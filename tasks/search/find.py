"""One search: by text, by what pictures show, or by both at once, in one reading transaction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Select, select

from tasks.errors import PhotoUnknown
from tasks.library.paths import readable
from tasks.search import text
from tasks.search.filters import Filters
from tasks.search.matches import matches
from tasks.search.nearest import Nearest, Space, all_spaces, vectors_of
from tasks.search.queries import Term
from tasks.search.texts import READ
from tasks.store.models import corrections, photos, results, shown, vectors
from tasks.store.rows import one_of_given
from tasks.store.session import Store

DEPTH: Final = 500
"""Photos that are ranked; what is further down is not found."""

DEPTH_EACH: Final = 200
"""The same of each way of searching, where several are ranked together: further down they hardly count."""

RRF: Final = 60
"""Of reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009): 1 / (RRF + rank), summed over the ways."""

TEXT: Final = "text"
IMAGE: Final = "image"
FACE: Final = "face"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The vector of what a query says.

    Attributes:
        model: that made it.
        revision: of the same model's vectors of pictures; None where it is not known.
    """

    vector: Sequence[float]
    model: str
    revision: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for; with nothing of `terms`, `meaning`, `like` and `face`, the newest photos.

    Attributes:
        terms: in the text.
        meaning: in the picture.
        like: sha256 of a photo that others are to be like.
        face: sha256 of a photo and number of a face on it, from 0, that is to be on others.
        start: how many were seen on pages before.
        limit: photos on this page.
    """

    terms: tuple[Term, ...] = ()
    meaning: Meaning | None = None
    like: str | None = None
    face: tuple[str, int] | None = None
    filters: Filters = field(default_factory=Filters)
    start: int = 0
    limit: int = 50


@dataclass(slots=True)
class Page:
    """What was found, best first.

    Attributes:
        items: as the API has them, but `taken_at` is seconds since 1970.
        more: whether another page follows.
        models: whose vectors were searched, by `image` and `face`.
        notes: what was not searched, a sentence each.
    """

    items: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False
    models: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Found:
    """A photo, its score, by which ways it was found, and its face that was."""

    photo_id: int
    score: float
    by: list[str]
    face: int | None = None


def search(store: Store, nearest: Nearest, asked: Asked) -> Page:
    """One page of a search.

    Raises:
        PhotoUnknown: `like` or `face` has no vector.
    """
    page = Page()
    with store.snapshot() as connection:
        ways = _ways(connection, nearest, asked, page)
        ends = asked.start + asked.limit + 1
        found = _newest(connection, asked) if ways is None else _fused(ways)[asked.start : ends]
        page.more = len(found) > asked.limit
        page.items = _items(connection, found[: asked.limit], asked.terms)
    return page


def _ways(connection: Connection, nearest: Nearest, asked: Asked, page: Page) -> list[tuple[str, list[_Found]]] | None:
    """What each way finds, best first; None where nothing is looked for."""
    ways: list[tuple[str, list[_Found]]] = []
    depth = DEPTH_EACH if asked.terms and asked.meaning is not None else DEPTH
    if asked.terms:
        hits = text.find(connection, asked.terms, asked.filters, depth)
        ways.append((TEXT, [_Found(hit.photo_id, hit.score, [TEXT]) for hit in hits]))
    if asked.meaning is not None and (space := _space(connection, asked.meaning, page)):
        ways.append((IMAGE, _near(connection, nearest, space, asked.meaning.vector, asked.filters, depth, page)))
    for way, kind, example in ((IMAGE, "clip", (asked.like, None)), (FACE, "face", asked.face or (None, None))):
        if example[0] is not None:
            space, vector = _example(connection, kind, example[0], example[1])
            near = _near(connection, nearest, space, vector, asked.filters, depth, page)
            itself = set(connection.scalars(select(photos.c.id).where(photos.c.sha256 == example[0])))
            ways.append((way, [each for each in near if each.photo_id not in itself]))
    looked = asked.terms or asked.meaning is not None or asked.like or asked.face
    return ways if looked else None


def _space(connection: Connection, meaning: Meaning, page: Page) -> Space | None:
    """Where the vectors of a model are; those of other models say nothing about its query."""
    spaces = all_spaces(connection, "clip")
    mine = [space for space in spaces if space.model == meaning.model and space.dim == len(meaning.vector)]
    exact = [space for space in mine if space.revision == meaning.revision]
    chosen = next(reversed(exact or mine), None)
    page.models[IMAGE] = meaning.model
    if chosen is None:
        page.notes.append(f"No photo has a vector of {meaning.model} yet: rescan with clip among the tasks.")
    others = [space.id for space in spaces if chosen is None or space.id != chosen.id]
    if chosen and any(connection.scalar(select(vectors.c.id).where(vectors.c.space == one).limit(1)) for one in others):
        page.notes.append(f"Photos that {meaning.model} has not looked at are searched by their text only.")
    return chosen


def _example(connection: Connection, kind: str, sha256: str, face: int | None) -> tuple[Space, Sequence[float]]:
    for space in reversed(all_spaces(connection, kind)):
        found = vectors_of(connection, space, sha256, face)
        if found:
            return space, found[0]
    what = "vector" if face is None else f"face {face}"
    raise PhotoUnknown(
        f"No {what} of a photo {sha256[:12]} is known.", f"Look at it first, with {kind} among the tasks."
    )


def _near(
    connection: Connection,
    nearest: Nearest,
    space: Space,
    vector: Sequence[float],
    filters: Filters,
    depth: int,
    page: Page,
) -> list[_Found]:
    way = FACE if space.kind == "face" else IMAGE
    page.models[way] = space.model
    hits = nearest.find(connection, space, vector, filters, depth)
    if behind := nearest.behind(connection, space):
        page.notes.append(f"An index is being built: {behind} of the newest vectors are not searched yet.")
    return [_Found(hit.photo_id, hit.score, [way], hit.face) for hit in hits]


def _fused(ways: Sequence[tuple[str, Sequence[_Found]]]) -> list[_Found]:
    """One list of several: a photo that is high in one is high, one that is in several is higher."""
    if len(ways) == 1:
        return list(ways[0][1])
    fused: dict[int, _Found] = {}
    for way, found in ways:
        for rank, each in enumerate(found, 1):
            one = fused.setdefault(each.photo_id, _Found(each.photo_id, 0.0, []))
            one.score += 1 / (RRF + rank)
            one.by.append(way)
            one.face = each.face if one.face is None else one.face
    return sorted(fused.values(), key=lambda each: (-each.score, -each.photo_id))


def _newest(connection: Connection, asked: Asked) -> list[_Found]:
    query = select(photos.c.id).where(*asked.filters.conditions()).order_by(photos.c.id.desc())
    ids = connection.scalars(query.offset(asked.start).limit(asked.limit + 1))
    return [_Found(photo_id, 0.0, []) for photo_id in ids]


def _items(connection: Connection, found: Sequence[_Found], terms: Sequence[Term]) -> list[dict[str, Any]]:
    by_text = {each.photo_id for each in found if TEXT in each.by}
    query = _photos(connection.dialect.name, bool(by_text))
    ids = json.dumps([each.photo_id for each in found])
    rows = connection.execute(query, {"ids": ids}).all() if found else []
    lines = matches((row for row in rows if row.id in by_text), terms)
    boxes = _boxes(connection, {each.photo_id: each.face for each in found if each.face is not None})
    of = {row.id: row for row in rows}
    return [
        _item(of[each.photo_id], each, [*lines.get(each.photo_id, ()), *boxes.get(each.photo_id, ())])
        for each in found
        if each.photo_id in of
    ]


@lru_cache
def _photos(dialect: str, read: bool) -> Select[Any]:
    """Photos by their `ids`; if `read`, a row for each finding that is a text, and what a person wrote instead."""
    query = select(photos)
    if read:
        query = (
            select(photos, shown.c.analysis, results.c.body, corrections.c.text.label("instead"))
            .outerjoin(shown, (shown.c.photo_id == photos.c.id) & shown.c.analysis.in_(READ))
            .outerjoin(results, results.c.id == shown.c.result_id)
            .outerjoin(corrections, (corrections.c.sha256 == photos.c.sha256) & (photos.c.page == 0))
        )
    return query.where(one_of_given(dialect, photos.c.id, "ids"))


def _item(row: Any, found: _Found, lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "sha256": row.sha256,
        "page": row.page or None,
        "name": row.name,
        "library": row.folder,
        "path": readable(row.path) if row.path else None,
        "task_id": row.job_id,
        "taken_at": row.taken_at,
        "width": row.width,
        "height": row.height,
        "score": round(found.score, 6),
        "found_by": found.by,
        "matches": list(lines),
    }


def _boxes(connection: Connection, faces: Mapping[int, int]) -> dict[int, list[dict[str, Any]]]:
    """Where the faces stand that were found, as matches without a text."""
    if not faces:
        return {}
    query = select(shown.c.photo_id, results.c.body).join(results, results.c.id == shown.c.result_id)
    found: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute(query.where(shown.c.photo_id.in_(faces), shown.c.analysis == "face")):
        of = row.body.get("faces") or ()
        if faces[row.photo_id] < len(of):
            found[row.photo_id] = [{"text": "", "box": of[faces[row.photo_id]]["box"]}]
    return found
