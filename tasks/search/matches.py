"""The lines of a photo or page that have what was looked for, and where they stand."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from tasks.analyses import DOCUMENT
from tasks.search import words
from tasks.search.queries import Term
from tasks.search.texts import text_of

MOST: Final = 5
"""Lines of a photo that are shown."""

LONGEST: Final = 300
"""Characters of a line that are shown."""

Match = dict[str, Any]
"""`text`, and `box`: four corners of a line, x1, y1, x2, y2 of a page's block, or None; pixels."""

_Line = tuple[str, Any]
"""A line and its box."""


def matches(rows: Iterable[Any], terms: Sequence[Term]) -> dict[int, list[Match]]:
    """Lines with the terms, by photo; of a corrected text its own lines.

    Args:
        rows: a finding each: `id` of the photo, `analysis` and `body` of what was read or None, and the text that a
            person wrote `instead`, or None.
    """
    lines: dict[int, list[_Line]] = defaultdict(list)
    instead: dict[int, str] = {}
    for row in rows:
        lines[row.id] += _lines(row.analysis, row.body) if row.body is not None else ()
        if row.instead is not None:
            instead[row.id] = row.instead
    for photo_id, text in instead.items():
        lines[photo_id] = _written(text, lines[photo_id])
    sought = [_Sought(term) for term in terms]
    return {photo_id: [_match(*line) for line in _best(some, sought)] for photo_id, some in lines.items()}


def _match(text: str, box: Any) -> Match:
    text = text.strip()
    return {"text": text if len(text) <= LONGEST else text[: LONGEST - 1] + "…", "box": box}


class _Said:
    """A line, to be looked into for several terms."""

    def __init__(self, text: str) -> None:
        self.folded = words.fold(text)

    @cached_property
    def row(self) -> str:
        """Its tokens in order, a space before and after each."""
        return f" {' '.join(words.tokens(self.folded))} "

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The same in no order."""
        return frozenset(self.row.split())


class _Sought:
    """A term, to be looked for in many lines."""

    def __init__(self, term: Term) -> None:
        self._parts = term.written.split(" ")
        self._row = f" {' '.join(term.tokens)} "
        self._anywhere = len(term.written) == 1 and not term.written.isascii()  # a character that may be of a pair
        self._tokens = term.tokens

    def stands_in(self, said: _Said) -> bool:
        """Whether all of it does."""
        if not all(part in said.folded for part in self._parts):
            return False
        return self._anywhere or self._row in said.row

    def share(self, said: _Said) -> int:
        """How many of its parts do."""
        if not any(token in said.folded for token in self._tokens):
            return 0
        return sum(token in said.tokens for token in self._tokens)


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
    read = [_Said(text) for text, _ in lines]
    whole = [line for line, said in zip(lines, read, strict=True) if any(each.stands_in(said) for each in sought)]
    if whole:
        return whole[:MOST]
    shares = [sum(each.share(said) for each in sought) for said in read]
    most = max(shares, default=0)
    return [line for line, share in zip(lines, shares, strict=True) if most and share == most][:MOST]
