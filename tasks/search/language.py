"""The language of a query, as far as its script tells it; some models want to know."""

import re
from typing import Final

_SCRIPTS: Final = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\u1100-\u11ff\uac00-\ud7af]")),
    ("zh", re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
)

ENGLISH_ONLY: Final = frozenset({"concepts"})
"""Models that know no other language."""


def language_of(text: str) -> str | None:
    """Its tag, such as `zh`; None for Latin letters, which any of many languages has."""
    return next((tag for tag, letters in _SCRIPTS if letters.search(text)), None)
