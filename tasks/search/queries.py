"""What a person asks for, taken apart.

    invoice 发票 "total amount" ocr:receipt clip:a cat on a table

Words before a prefix are looked for in the text and in the picture alike; those after `ocr:` in the text only, those
after `clip:` in the picture only, until the next prefix. What stands in quotes must be in the text as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tasks.search import words

MOST_TERMS: Final = 32
_PARTS: Final = re.compile(r'"([^"]*)"?|(?<!\S)(ocr|clip):|([^\s"]+)', re.IGNORECASE)
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟「」『』＂«»", '"'))


@dataclass(frozen=True, slots=True)
class Term:
    """What must be in a text.

    Attributes:
        tokens: in this order, one after the other.
        written: as it was asked for, folded.
        exact: it stood in quotes.
    """

    tokens: tuple[str, ...]
    written: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A query's parts; each may be empty.

    Attributes:
        terms: for the text.
        picture: words for the picture's vector.
    """

    terms: tuple[Term, ...] = ()
    picture: str = ""


def parse(query: str) -> Query:
    """Take a query apart; whatever is typed is some query."""
    terms: list[Term] = []
    picture: list[str] = []
    only = ""
    for quoted, prefix, plain in _PARTS.findall(query.translate(_QUOTES).replace("：", ":")):
        if prefix:
            only = prefix.lower()
            continue
        if only != "clip":
            terms += _quoted(quoted) if quoted else _plain(plain)
        if only != "ocr":
            picture.append(quoted or plain)
    return Query(tuple(dict.fromkeys(terms))[:MOST_TERMS], " ".join(picture).strip())


def _quoted(text: str) -> Iterator[Term]:
    """One term, but for a character that stands alone between words: in the text it may be part of a pair."""
    row: list[tuple[bool, str]] = []
    for paired, run in words.runs(text):
        if paired and len(run) == 1:
            yield from _term(row, exact=True)
            yield Term((run,), run, exact=True)
            row = []
        else:
            row.append((paired, run))
    yield from _term(row, exact=True)


def _plain(text: str) -> Iterator[Term]:
    """Words that only signs part are one term (`12,50€`, `IMG_2041`), each row of paired characters is another."""
    row: list[tuple[bool, str]] = []
    for paired, run in words.runs(text):
        if paired:
            yield from _term(row)
            yield from _term([(True, run)])
            row = []
        else:
            row.append((paired, run))
    yield from _term(row)


def _term(runs: list[tuple[bool, str]], exact: bool = False) -> Iterator[Term]:
    found: list[str] = []
    for paired, run in runs:
        found += words.pairs(run) if paired else [run]
    if found:
        yield Term(tuple(found), " ".join(run for _, run in runs), exact)
