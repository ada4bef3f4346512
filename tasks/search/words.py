"""Words of a text, in the form in which they are kept and looked for.

Upper and lower case, full and half width, and accents make no difference. Scripts that put spaces between words give
words. Chinese, Japanese, Korean and the scripts of South-East Asia give pairs of neighbouring characters (`中国人` is
`中国 国人`), so that nobody has to know where a word ends and a row of pairs is as exact as the text itself; their
single characters are kept beside, for who looks for one.
"""

import operator
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 64
"""Characters of a word that count."""

_PAIRED: Final = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    r"\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f\u31f0-\u31ff\uac00-\ud7af"  # kana, Hangul
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Han
)
_MARKS: Final = r"\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
"""Vowels and the like that Unicode does not count as letters: Hebrew, Arabic, the scripts of India."""

_RUNS: Final = re.compile(rf"([{_PAIRED}]+)|((?:[^\W_{_PAIRED}]|[{_MARKS}])+)")
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")


def fold(text: str) -> str:
    """A text without the differences that do not count."""
    if text.isascii():
        return text.lower()
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold()))
    return unicodedata.normalize("NFC", bare)


def runs(text: str) -> Iterable[tuple[bool, str]]:
    """Its words and its rows of paired characters in order, folded: whether they are paired, and the characters."""
    for match in _RUNS.finditer(fold(text)):
        paired = match.group(1)
        yield (True, paired) if paired else (False, match.group(2)[:LONGEST])


def pairs(run: str) -> list[str]:
    """Neighbouring characters of a row; a single one alone."""
    return [run[n : n + 2] for n in range(len(run) - 1)] or [run]


def tokens(text: str) -> list[str]:
    """What a text is looked for by, in its order."""
    return taken_apart(text)[0]


def taken_apart(text: str) -> tuple[list[str], list[str]]:
    """The same, and the single characters of its paired scripts, each once."""
    found: list[str] = []
    characters: dict[str, None] = {}
    for paired, word in _RUNS.findall(fold(text)):
        if word:
            found.append(word[:LONGEST])
        elif len(paired) == 1:
            found.append(paired)
            characters[paired] = None
        else:
            found += map(operator.add, paired, paired[1:])
            characters.update(dict.fromkeys(paired))
    return found, list(characters)
