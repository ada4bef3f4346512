"""Words in PostgreSQL: tsvectors that we make, so no parser and no locale has a say, under a GIN index.

A GIN index gives all rows of a word in no order. So each row has, among its words, the marks of the buckets of
neighbours that it is in: of a thousand photos, of some thousand and of some hundred thousand. The newest small buckets
are looked at first, for which GIN skips through the rows of a frequent word, and where they have too few, the newest
larger ones. What is too rare there also is rare enough to be looked for everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from tasks.search.filters import Filters
from tasks.search.queries import Term
from tasks.search.texts import BUCKETS, bucket
from tasks.store.models import photos, texts
from tasks.store.rows import one_of

FEW: Final = 4
"""So many times as many rows as are wanted may be looked for everywhere at once."""

BY_LENGTH: Final = 1
"""Of `ts_rank`: a text's weight is divided by the logarithm of its length."""


class Words:
    """As `text.Words`."""

    def __init__(self, connection: Connection, filters: Filters) -> None:
        self._connection = connection
        self._marks = [_any(some) for some in filters.marks()]
        self._newest = _newest(filters)

    def newest(self, asked: Sequence[Sequence[Term]], most: int) -> list[list[int]]:
        """As `text.Words.newest`; it may be half of `most` where more would have to be looked for far and wide."""
        looks = [_Look([*map(_phrase, terms), *self._marks], self._last + 1, most) for terms in asked]
        near = looks
        for bits in BUCKETS:
            first = max(0, (self._last >> bits) - 1)
            self._look(near, [_any([bucket(n << bits, bits) for n in range(first, (self._last >> bits) + 1)])])
            for look in near:
                look.end = first << bits
            near = [look for look in near if look.goes_on(self._last, bits > BUCKETS[0])]
        self._look([look for look in looks if look.end and 2 * len(look.found) < most], [])
        return [look.found for look in looks]

    def _look(self, looks: Sequence["_Look"], buckets: Sequence[str]) -> None:
        """Look for photos below a number by their words, and not in the order of their numbers."""
        if not looks:
            return
        values = {
            "words": [" & ".join([*look.words, *buckets]) for look in looks],
            "ends": [look.end for look in looks],
            "mosts": [look.most - len(look.found) for look in looks],
        }
        for number, photo_id in self._connection.execute(self._newest, values):
            looks[number - 1].found.append(photo_id)

    def weighed(self, terms: Sequence[Term], most: int) -> dict[int, list[float]]:
        """As `text.Words.weighed`."""
        return self.weigh(self.newest([terms], most)[0], terms)

    def weigh(self, ids: Sequence[int], terms: Sequence[Term]) -> dict[int, list[float]]:
        """As `text.Words.weigh`."""
        query = select(texts.c.photo_id, *_ranks(terms)).where(one_of(self._connection, texts.c.photo_id, ids))
        return {row[0]: list(row[1:]) for row in self._connection.execute(query)}

    @cached_property
    def _last(self) -> int:
        return self._connection.scalar(select(func.max(texts.c.photo_id))) or 0


@dataclass(slots=True)
class _Look:
    """What is looked for, and what of it was found so far: the newest photos from number `end` on."""

    words: list[str]
    end: int
    most: int
    found: list[int] = field(default_factory=list)

    def goes_on(self, last: int, sure: bool) -> bool:
        """Whether larger buckets are worth a look: there are more photos, and too many of them to have them all."""
        likely = len(self.found) * last // (last + 1 - self.end)
        return self.end > 0 and 2 * len(self.found) < self.most and (not sure or likely >= FEW * self.most)


@lru_cache(maxsize=100)  # to put it together takes longer than to look
def _newest(filters: Filters) -> Select[Any]:
    """For each of several queries the newest photos below a number that have its words and meet the exact conditions.

    The words are not known when this is planned, so that it looks for them in the index however frequent they are.
    """
    given = (
        bindparam(name, type_=ARRAY(kind))
        for name, kind in (("words", Text), ("ends", BigInteger), ("mosts", BigInteger))
    )
    columns = column("words", Text), column("end", BigInteger), column("most", BigInteger)
    asked = func.unnest(*given).table_valued(*columns, with_ordinality="number").render_derived("asked")
    # A sum has no index: that of the numbers would be read from its beginning, beside that of the words.
    below = texts.c.photo_id + 0 < asked.c.end
    has = texts.c.words.op("@@", is_comparison=True)(cast(asked.c.words, TSQUERY)), below
    some = select(texts.c.photo_id).where(*has).correlate(asked).cte("some", nesting=True).prefix_with("MATERIALIZED")
    ordered = select(some).order_by(some.c.photo_id.desc()).offset(0).subquery()
    # Asked of each row in turn: a join would begin with all photos.
    meets = select(literal(True)).where(photos.c.id == ordered.c.photo_id, *filters.exact()).scalar_subquery()
    found = select(ordered).where(meets).order_by(ordered.c.photo_id.desc()).limit(asked.c.most).lateral("found")
    query = select(asked.c.number, found.c.photo_id).select_from(asked.join(found, true()))
    return query.order_by(asked.c.number, found.c.photo_id.desc())


def _ranks(terms: Sequence[Term]) -> list[ColumnElement[float]]:
    return [func.ts_rank(texts.c.words, cast(literal(_phrase(term)), TSQUERY), BY_LENGTH) for term in terms]


def _phrase(term: Term) -> str:
    return "(" + " <-> ".join(f"'{token}'" for token in term.tokens) + ")"  # none has a quote or a backslash


def _any(words: Sequence[str]) -> str:
    return "(" + " | ".join(f"'{word}'" for word in words) + ")"
