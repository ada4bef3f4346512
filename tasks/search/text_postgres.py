"""Words in PostgreSQL: tsvectors that we make, so no parser and no locale has a say, under a GIN index.

A GIN index gives all rows of a word in no order. So each row has, among its words, the marks of the buckets of
neighbours that it is in: of a thousand photos, of some thousand and of some hundred thousand. The newest small buckets
are looked at first, for which GIN skips through the rows of a frequent word, and where they have too few, the newest
larger ones. What is too rare there also is rare enough to be looked for everywhere.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, cast, func, literal, select, text
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
        """As `text.Words.newest`; it may be half of `most` where more would have to be looked for far and wide."""
        found: list[int] = []
        end = self._last + 1
        for bits in BUCKETS:
            newest = range(max(0, (self._last >> bits) - 1), (self._last >> bits) + 1)
            marks = _any([bucket(number << bits, bits) for number in newest])
            found += self._below(end, terms, [marks], most - len(found))
            end = newest[0] << bits
            likely = len(found) * self._last // (self._last + 1 - end)
            rare = bits > BUCKETS[0] and likely < FEW * most
            if not end or 2 * len(found) >= most or rare:
                break
        if end and 2 * len(found) < most:
            found += self._everywhere(end, terms, most - len(found))
        return found

    def weighed(self, terms: Sequence[Term], most: int) -> dict[int, list[float]]:
        """As `text.Words.weighed`."""
        return self.weigh(self.newest(terms, most), terms)

    def weigh(self, ids: Sequence[int], terms: Sequence[Term]) -> dict[int, list[float]]:
        """As `text.Words.weigh`."""
        wanted = texts.c.photo_id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
        query = select(texts.c.photo_id, *_ranks(terms)).where(wanted)
        return {row[0]: list(row[1:]) for row in self._connection.execute(query, {"ids": list(ids)})}

    def _below(self, end: int, terms: Sequence[Term], buckets: Sequence[str], most: int) -> Sequence[int]:
        """Photos below a number that have the words, looked for by the words and not in the order of their numbers."""
        asked = cast(" & ".join([*map(_phrase, terms), *self._marks, *buckets]), TSQUERY)
        has = texts.c.words.op("@@", is_comparison=True)(asked), texts.c.photo_id < end
        some = select(texts.c.photo_id).where(*has).cte("some").prefix_with("MATERIALIZED")
        ordered = select(some).order_by(some.c.photo_id.desc()).offset(0).subquery()
        # Asked of each row in turn: a join would begin with all photos.
        meets = select(literal(True)).where(photos.c.id == ordered.c.photo_id, *self._conditions).scalar_subquery()
        query = select(ordered).where(meets).order_by(ordered.c.photo_id.desc()).limit(most)
        return self._connection.scalars(query).all()

    def _everywhere(self, end: int, terms: Sequence[Term], most: int) -> Sequence[int]:
        """The same by the index: how frequent words are together is not known to the planner, which may read all."""
        self._connection.execute(text("SET LOCAL enable_seqscan = off"))
        found = self._below(end, terms, [], most)
        self._connection.execute(text("SET LOCAL enable_seqscan TO DEFAULT"))
        return found

    @cached_property
    def _last(self) -> int:
        return self._connection.scalar(select(func.max(texts.c.photo_id))) or 0


def _ranks(terms: Sequence[Term]) -> list[ColumnElement[float]]:
    return [func.ts_rank(texts.c.words, cast(literal(_phrase(term)), TSQUERY), BY_LENGTH) for term in terms]


def _phrase(term: Term) -> str:
    return "(" + " <-> ".join(f"'{token}'" for token in term.tokens) + ")"  # none has a quote or a backslash


def _any(words: Sequence[str]) -> str:
    return "(" + " | ".join(f"'{word}'" for word in words) + ")"
