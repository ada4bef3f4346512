"""Words in PostgreSQL: tsvectors that we make, so no parser and no locale has a say, under a GIN index.

A GIN index gives all rows of a word in no order. So each row has, among its words, the marks of two buckets of
neighbours that it is in, one of some thousand photos and one of some hundred thousand. The newest small buckets are
looked at first, for which GIN skips through the rows of a frequent word, and where they have too few, the newest large
ones. What is too rare there also is rare enough to be looked for everywhere.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Text, bindparam, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY
from sqlalchemy.types import BigInteger

from tasks.search.filters import Filters
from tasks.search.queries import Term
from tasks.search.texts import BUCKETS, bucket
from tasks.store.models import photos, texts

FEW: Final = 4
"""So many times as many rows as are wanted may be looked for everywhere at once."""

BY_LENGTH: Final = 1
"""Of `ts_rank`: a text's weight is divided by the logarithm of its length."""


class Words:
    """As `text.Words`."""

    def __init__(self, connection: Connection, filters: Filters) -> None:
        self._connection = connection
        self._marks = [_any(some) for some in filters.marks()]
        self._conditions = filters.exact()

    def newest(self, terms: Sequence[Term], most: int) -> list[int]:
        """As `text.Words.newest`."""
        return [row[0] for row in self._rows(self._query(), terms, most)]

    def weighed(self, terms: Sequence[Term], most: int) -> dict[int, list[float]]:
        """As `text.Words.weighed`."""
        chosen = self._query(texts.c.words).subquery()  # of which alone the weights are computed
        query = select(chosen.c.photo_id, *_ranks(chosen.c.words, terms)).order_by(chosen.c.photo_id.desc())
        return {row[0]: list(row[1:]) for row in self._rows(query, terms, most)}

    def weigh(self, ids: Sequence[int], terms: Sequence[Term]) -> dict[int, list[float]]:
        """As `text.Words.weigh`."""
        wanted = texts.c.photo_id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
        query = select(texts.c.photo_id, *_ranks(texts.c.words, terms)).where(wanted)
        return {row[0]: list(row[1:]) for row in self._connection.execute(query, {"ids": list(ids)})}

    def _query(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """Rows below a number that have the words, looked for by the words and not in the order of their numbers."""
        has = texts.c.words.op("@@", is_comparison=True)(cast(bindparam("asked", type_=Text), TSQUERY))
        below = texts.c.photo_id < bindparam("end", type_=BigInteger)
        some = select(texts.c.photo_id, *columns).where(has, below).cte("some").prefix_with("MATERIALIZED")
        ordered = select(some).order_by(some.c.photo_id.desc()).offset(0).subquery()
        # Asked of each row in turn: a join would begin with all photos.
        meets = select(literal(True)).where(photos.c.id == ordered.c.photo_id, *self._conditions).scalar_subquery()
        query = select(ordered).where(meets).order_by(ordered.c.photo_id.desc())
        return query.limit(bindparam("most", type_=BigInteger))

    def _rows(self, query: Select[Any], terms: Sequence[Term], most: int) -> list[Any]:
        last, found = self._last, list[Any]()
        end = last + 1
        for bits in BUCKETS:
            newest = range(max(0, (last >> bits) - 1), (last >> bits) + 1)
            marks = _any([bucket(number << bits, bits) for number in newest])
            found += self._below(end, query, terms, [marks], most - len(found))
            end = newest[0] << bits
            likely = len(found) * last // (last + 1 - end)
            if not end or len(found) >= most or likely < FEW * most:
                break
        if end and len(found) < most:
            found += self._by_index(lambda: self._below(end, query, terms, [], most - len(found)))
        return found

    @cached_property
    def _last(self) -> int:
        return self._connection.scalar(select(func.max(texts.c.photo_id))) or 0

    def _by_index(self, look: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """Look for rows without looking at all; how frequent words are together is not known to the planner."""
        self._connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = look()
        self._connection.execute(text("SET LOCAL enable_seqscan TO DEFAULT"))
        return rows

    def _below(
        self, end: int, query: Select[Any], terms: Sequence[Term], buckets: Sequence[str], most: int
    ) -> Sequence[Any]:
        asked = " & ".join([*map(_phrase, terms), *self._marks, *buckets])
        return self._connection.execute(query, {"asked": asked, "end": end, "most": most}).all()


def _ranks(words: ColumnElement[Any], terms: Sequence[Term]) -> list[ColumnElement[float]]:
    return [func.ts_rank(words, cast(literal(_phrase(term)), TSQUERY), BY_LENGTH) for term in terms]


def _phrase(term: Term) -> str:
    return "(" + " <-> ".join(f"'{token}'" for token in term.tokens) + ")"  # none has a quote or a backslash


def _any(words: Sequence[str]) -> str:
    return "(" + " | ".join(f"'{word}'" for word in words) + ")"
