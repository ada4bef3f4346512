"""Words in SQLite: an FTS5 index over `texts`, whose rows it gives from the newest on without looking at the others."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, column, exists, select, table, text

from tasks.search.filters import Filters
from tasks.search.queries import Term
from tasks.store.models import photos, texts
from tasks.store.rows import one_of

_FOUND: Final = table("found", column("rowid"), column("words"))
USUAL: Final = 80
"""Words of a usual text; longer ones weigh less."""


class Words:
    """As `text.Words`."""

    def __init__(self, connection: Connection, filters: Filters) -> None:
        self._connection = connection
        self._marks = ["(" + " OR ".join(_phrase((mark,)) for mark in some) + ")" for some in filters.marks()]
        # Asked of each row, so that the order in which FTS5 gives them is kept.
        self._meets = exists().where(photos.c.id == _FOUND.c.rowid, *filters.exact())

    def newest(self, asked: Sequence[Sequence[Term]], most: int) -> list[list[int]]:
        """As `text.Words.newest`."""
        return [[row[0] for row in self._rows(select(_FOUND.c.rowid), terms, most)] for terms in asked]

    def weighed(self, terms: Sequence[Term], most: int) -> dict[int, list[float]]:
        """As `text.Words.weighed`."""
        return _weights(self._rows(select(_FOUND), terms, most), terms)

    def weigh(self, ids: Sequence[int], terms: Sequence[Term]) -> dict[int, list[float]]:
        """As `text.Words.weigh`."""
        query = select(texts).where(one_of(self._connection, texts.c.photo_id, ids))
        return _weights(self._connection.execute(query).all(), terms)

    def _rows(self, columns: Select[Any], terms: Sequence[Term], most: int) -> Sequence[Any]:
        query = columns.where(text("found MATCH :asked"), self._meets).order_by(_FOUND.c.rowid.desc())
        asked = " AND ".join([*(_phrase(term.tokens) for term in terms), *self._marks])
        return self._connection.execute(query.limit(most), {"asked": asked}).all()


def _phrase(tokens: Sequence[str]) -> str:
    return '"' + " ".join(tokens) + '"'  # none of them has a quote


def _weights(rows: Sequence[Any], terms: Sequence[Term]) -> dict[int, list[float]]:
    """How often each term is there, beside the length of the text."""
    wanted = [f" {' '.join(term.tokens)} " for term in terms]
    found: dict[int, list[float]] = {}
    for photo_id, said in rows:
        words = f" {said} "
        usual = 0.3 + words.count(" ") / USUAL
        found[photo_id] = [count / (count + usual) if (count := words.count(term)) else 0.0 for term in wanted]
    return found
