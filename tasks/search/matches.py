"""The lines of a photo or page that have what was looked for, and where they stand."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, select

from tasks.analyses import DOCUMENT
from tasks.search import words
from tasks.search.queries import Term
from tasks.search.texts import READ, corrected, text_of
from tasks.store.models import results, shown
from tasks.store.rows import one_of

MOST: Final = 5
"""Lines of a photo that are shown."""

LONGEST: Final = 300
"""Characters of a line that are shown."""

Match = dict[str, Any]
"""`text`, and `box`: four corners of a line, x1, y1, x2, y2 of a page's block, or None; pixels."""

_Line = tuple[str, Any]
"""A line and its box."""


def matches(connection: Connection, contents: Mapping[int, str], terms: Sequence[Term]) -> dict[int, list[Match]]:
    """Lines with the terms, by photo; of a corrected text its own lines.

    Args:
        contents: sha256 of photos, by their rows; of pages nothing is corrected and it is empty.
    """
    if not contents or not terms:
        return {}
    query = (
        select(shown.c.photo_id, shown.c.analysis, results.c.body)
        .join(results, results.c.id == shown.c.result_id)
        .where(one_of(connection, shown.c.photo_id, contents), shown.c.analysis.in_(READ))
    )
    lines: dict[int, list[_Line]] = defaultdict(list)
    for row in connection.execute(query):
        lines[row.photo_id] += _lines(row.analysis, row.body)
    instead = corrected(connection, [sha256 for sha256 in contents.values() if sha256])
    for photo_id, sha256 in contents.items():
        if sha256 in instead:
            lines[photo_id] = _written(instead[sha256], lines[photo_id])
    sought = [_Sought(term) for term in terms]
    return {photo_id: [_match(*line) for line in _best(some, sought)] for photo_id, some in lines.items()}


def _match(text: str, box: Any) -> Match:
    text = text.strip()
    return {"text": text if len(text) <= LONGEST else text[: LONGEST - 1] + "…", "box": box}


class _Sought:
    """A term, to be looked for in many lines."""

    def __init__(self, term: Term) -> None:
        self._parts = term.written.split(" ")
        self._row = f" {' '.join(term.tokens)} "
        self._anywhere = len(term.written) == 1 and not term.written.isascii()  # a character that may be of a pair
        self._tokens = term.tokens

    def stands_in(self, folded: str) -> bool:
        """Whether all of it does."""
        if not all(part in folded for part in self._parts):
            return False
        return self._anywhere or self._row in f" {' '.join(words.tokens(folded))} "

    def share(self, folded: str) -> int:
        """How many of its parts do."""
        if not any(token in folded for token in self._tokens):
            return 0
        there = set(words.tokens(folded))
        return sum(token in there for token in self._tokens)


def _lines(analysis: str, body: Mapping[str, Any]) -> list[_Line]:
    if analysis != DOCUMENT:
        return [(line["text"], line["box"]) for line in body.get("lines") or ()]
    blocks = [
        (line, block["boxes"][0] if block["boxes"] else None)
        for block in body.get("blocks") or ()
        for line in text_of(DOCUMENT, {"markdown": block["text"]}).splitlines()
        if line.strip()
    ]
    return blocks or [(line, None) for line in text_of(DOCUMENT, body).splitlines() if line.strip()]


def _written(text: str, read: Sequence[_Line]) -> list[_Line]:
    """Lines of a corrected text; those that were read like this have their place still."""
    places = {words.fold(line): box for line, box in read}
    return [(line, places.get(words.fold(line))) for line in text.splitlines() if line.strip()]


def _best(lines: Sequence[_Line], sought: Sequence[_Sought]) -> list[_Line]:
    """Lines with whole terms; where there are none, those with the most parts."""
    folded = [words.fold(text) for text, _ in lines]
    whole = [line for line, said in zip(lines, folded, strict=True) if any(each.stands_in(said) for each in sought)]
    if whole:
        return whole[:MOST]
    shares = [sum(each.share(said) for each in sought) for said in folded]
    most = max(shares, default=0)
    return [line for line, share in zip(lines, shares, strict=True) if most and share == most][:MOST]
