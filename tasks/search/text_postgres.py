"""Words in PostgreSQL: tsvectors that we make, so no parser and no locale has a say, under a GIN index.

A GIN index gives all rows of a word in no order. So each row has, among its words, the marks of the buckets of
neighbours that it is in: of a thousand photos, of some thousand and of some hundred thousand. The newest small buckets
are looked at first, for which GIN skips through the rows of a frequent word, and where they have too few, the newest
larger ones. What is too rare there also is rare enough to be looked for everywhere.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Executable, and_, select, text

from tasks.search.filters import Filters
from tasks.search.queries import Term
from tasks.search.texts import BUCKETS, buckets
from tasks.store.models import texts
from tasks.store.rows import one_of_given

FEW: Final = 4
"""So many times as many rows as are wanted may be looked for everywhere at once."""

WEIGHTS: Final = (
    "ARRAY(SELECT ts_rank(texts.words, CAST(term AS tsquery), 1) FROM unnest(CAST(:terms AS text[])) AS term)"
)
"""How much of each term a text has, divided by the logarithm of the text's length."""

_WEIGH: Final = select(texts.c.photo_id, text(WEIGHTS)).where(one_of_given("postgresql", texts.c.photo_id, "ids"))

NEWEST: Final = f"""
WITH newest AS MATERIALIZED (SELECT coalesce(max(photo_id), 0) AS last FROM texts)
SELECT asked.number, found.photo_id, {WEIGHTS}
FROM unnest(CAST(:asked AS text[])) WITH ORDINALITY AS asked(words, number)
CROSS JOIN LATERAL (
    WITH at0 AS MATERIALIZED (SELECT last, last + 1 AS below, 0 AS found, true AS goes_on FROM newest), {{looks}}
    {{all}}
) AS found
JOIN texts ON texts.photo_id = found.photo_id
ORDER BY asked.number, found.photo_id DESC
"""  # noqa: S608
"""For each of several queries the newest photos that have its words, and `WEIGHTS`: bucket by bucket, while too few
are found. The words are not known when this is planned, so that their index is used however frequent they are."""

LOOK: Final = """
look{n} AS MATERIALIZED (
    SELECT photo_id FROM (
        SELECT photo_id + 0 AS photo_id FROM texts
        WHERE (SELECT goes_on FROM at{n}) AND words @@ CAST(asked.words{marks} AS tsquery)
        AND photo_id + 0 < (SELECT below FROM at{n})
        ORDER BY 1 DESC OFFSET 0
    ) AS ordered
    WHERE (SELECT true FROM photos WHERE photos.id = ordered.photo_id AND {exact})
    ORDER BY photo_id DESC LIMIT :most - (SELECT found FROM at{n})
)"""
"""The newest photos of one query below a number. A sum has no index: that of the numbers would be read from its
beginning beside that of the words. The conditions are asked of each photo in turn: a join would begin with all."""

THEN: Final = """
at{next} AS MATERIALIZED (
    SELECT last, below, found, below > 0 AND 2 * found < :most{enough} AS goes_on FROM (
        SELECT last, found + (SELECT count(*) FROM look{n}) AS found,
        CASE WHEN goes_on THEN greatest((last - {half}) >> {bits}, 0) << {bits} ELSE below END AS below FROM at{n}
    ) AS seen
)"""
"""Where the next look begins, and whether there is one."""

RARE: Final = f" AND found * last / (last + 1 - below) >= {FEW} * :most"
"""So many are likely found everywhere that a look at large buckets is worth it."""

MARKS: Final = """ || ' & (''{mark}' || ((SELECT last FROM newest) >> {bits}) || ''' | ''{mark}'
|| ((SELECT last - {half} FROM newest) >> {bits}) || ''')'"""
"""And in the newest bucket, or the one before where that has few photos yet."""


class Words:
    """As `text.Words`."""

    def __init__(self, connection: Connection, filters: Filters) -> None:
        self._connection = connection
        self._marks = [_any(some) for some in filters.marks()]
        self._newest = _newest(filters)

    def newest(self, asked: Sequence[Sequence[Term]], most: int) -> list[list[int]]:
        """As `text.Words.newest`; it may be half of `most` where more would have to be looked for far and wide."""
        found: list[list[int]] = [[] for _ in asked]
        for number, photo_id, _ in self._look(asked, most, ()):
            found[number - 1].append(photo_id)
        return found

    def weighed(self, terms: Sequence[Term], most: int) -> dict[int, list[float]]:
        """As `text.Words.weighed`."""
        return {photo_id: weights for _, photo_id, weights in self._look([terms], most, terms)}

    def weigh(self, ids: Sequence[int], terms: Sequence[Term]) -> dict[int, list[float]]:
        """As `text.Words.weigh`."""
        found = self._connection.execute(
            _WEIGH, {"ids": json.dumps(list(ids)), "terms": [_phrase(term) for term in terms]}
        )
        return {row[0]: row[1] for row in found.all()}

    def _look(self, asked: Sequence[Sequence[Term]], most: int, weighed: Sequence[Term]) -> Sequence[Any]:
        """Number of what was asked, photo, and weights; of each the newest photos first."""
        words = [" & ".join([*map(_phrase, terms), *self._marks]) for terms in asked]
        given = {"asked": words, "most": most, "terms": [_phrase(term) for term in weighed]}
        return self._connection.execute(self._newest, given).all()


@lru_cache(maxsize=100)
def _newest(filters: Filters) -> Executable:
    """`NEWEST` with the exact conditions of a search."""
    exact = and_(*filters.exact()).compile()
    parts = []
    for n, bits in enumerate((*BUCKETS, None)):
        if bits is None:
            parts.append(LOOK.format(n=n, marks="", exact=exact))
            continue
        size = {"bits": bits, "half": 1 << (bits - 1)}
        parts.append(LOOK.format(n=n, marks=MARKS.format(mark=buckets(bits), **size), exact=exact))
        parts.append(THEN.format(n=n, next=n + 1, enough=RARE if n == 1 else "", **size))
    every = " UNION ALL ".join(f"SELECT photo_id FROM look{n}" for n in range(len(BUCKETS) + 1))  # noqa: S608
    return text(NEWEST.format(looks=",".join(parts), all=every)).bindparams(**exact.params)


def _phrase(term: Term) -> str:
    return "(" + " <-> ".join(f"'{token}'" for token in term.tokens) + ")"  # none has a quote or a backslash


def _any(words: Sequence[str]) -> str:
    return "(" + " | ".join(f"'{word}'" for word in words) + ")"
