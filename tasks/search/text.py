"""Full text search: photos and pages whose text has what is asked for.

What has all terms comes first; then, unless quotes forbid it, what has most of what the query weighs, as a word that
was misread in a photo should not hide it. However frequent a word is, only its newest photos are looked at and ranked:
a bounded number, so that a search for a word that half of all photos have is as quick as another.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from tasks.search import text_postgres, text_sqlite
from tasks.search.filters import Filters
from tasks.search.queries import Term

CANDIDATES: Final = 300
"""Photos that have all terms and are ranked; the newest ones."""

FEW: Final = 50
"""With fewer that have all terms, those are looked for too that have most of them."""

PART_CANDIDATES: Final = 100
"""The newest that have one part of a query whose parts may be missing."""

PARTLY: Final = 200
"""How many of them are ranked, those of the rarest parts first."""

MOST_PARTS: Final = 16
ENOUGH: Final = 0.6
"""Of a query's weight that a photo must have; rare words weigh more."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A photo or page whose text was found.

    Attributes:
        score: greater is better; to be compared within one search only.
    """

    photo_id: int
    score: float


class Words(Protocol):
    """The words of one store, of photos that meet the filters."""

    def newest(self, asked: Sequence[Sequence[Term]], most: int) -> list[list[int]]:
        """For each of several queries the photos that have all its terms, the newest ones first."""

    def weighed(self, terms: Sequence[Term], most: int) -> Mapping[int, Sequence[float]]:
        """The same of one, with how much of each term they have: 0 for nothing, 1 for a text that is all of it."""

    def weigh(self, ids: Sequence[int], terms: Sequence[Term]) -> Mapping[int, Sequence[float]]:
        """The same of photos that are known."""


def find(connection: Connection, terms: Sequence[Term], filters: Filters, most: int) -> list[Hit]:
    """Photos with these terms, best first, `most` of them."""
    if not terms:
        return []
    kept: Any = text_postgres if connection.dialect.name == "postgresql" else text_sqlite
    words: Words = kept.Words(connection, filters)
    found = _all(words, terms)
    if len(found) < min(most, FEW):
        known = {hit.photo_id for hit in found}
        found += [hit for hit in _some(words, terms) if hit.photo_id not in known]
    return found[:most]


def _all(words: Words, terms: Sequence[Term]) -> list[Hit]:
    """What has all terms."""
    found = words.weighed(terms, CANDIDATES)
    return _ranked({photo_id: 1 + sum(weights) for photo_id, weights in found.items()})


def _some(words: Words, terms: Sequence[Term]) -> list[Hit]:
    """What has all that is quoted and enough of the rest."""
    exact = [term for term in terms if term.exact]
    loose = dict.fromkeys(token for term in terms if not term.exact for token in term.tokens)
    parts = [Term((token,), token) for token in loose][:MOST_PARTS]
    if len(parts) < 2:
        return []
    found = words.newest([[*exact, part] for part in parts], PART_CANDIDATES)
    weights = _weights(found, max((ids[0] for ids in found if ids), default=0))
    candidates: dict[int, None] = {}
    for _, ids in sorted(zip(weights, found, strict=True), key=lambda each: -each[0]):
        if len(candidates) < PARTLY:
            candidates.update(dict.fromkeys(ids))
    has = words.weigh(list(candidates), parts)
    shares = {photo_id: _share(weights, has.get(photo_id, ())) for photo_id in candidates}
    return _ranked({photo_id: share for photo_id, share in shares.items() if share >= ENOUGH})


def _weights(found: Iterable[Sequence[int]], newest: int) -> list[float]:
    """How much each part says. One that no photo has is half as much as the rarest: somebody may have mistyped it."""
    rare = [_rarity(ids, newest) if ids else 0.0 for ids in found]
    return [weight or max(rare) / 2 for weight in rare]


def _rarity(ids: Sequence[int], newest: int) -> float:
    """The same: of photos that are too many to be counted, from how far the newest ones reach back."""
    have = len(ids) if len(ids) < PART_CANDIDATES else len(ids) * newest / (newest - ids[-1] + 1)
    return math.log(1 + newest / have)


def _share(weights: Sequence[float], has: Sequence[float]) -> float:
    return sum(weight for weight, there in zip(weights, has, strict=False) if there) / sum(weights)


def _ranked(scores: Mapping[int, float]) -> list[Hit]:
    ranked = sorted(scores.items(), key=lambda each: (-each[1], -each[0]))
    return [Hit(photo_id, score) for photo_id, score in ranked]
