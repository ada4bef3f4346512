"""What must never stand in a log, taken out of every line: keys, passwords, tokens, signed addresses."""

import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Final

HIDDEN: Final = "***"
NAMES: Final = re.compile(r"(?:KEY|PASS|PASSWORD|SECRET|TOKEN|HEADERS)$")
"""Environment variables with such names hold secrets."""

SHORTEST: Final = 8
"""Shorter values would be found in the middle of ordinary words."""

PATTERNS: Final = (
    ("://", re.compile(r"(://)[^/\s@]*@"), rf"\1{HIDDEN}@"),
    ("://", re.compile(r"(\w+://[^\s?\"'<>]+)\?[^\s\"'<>]+"), rf"\1?{HIDDEN}"),
    ("Bearer ", re.compile(r"(Bearer) [\w.~+/=-]{16,}"), rf"\1 {HIDDEN}"),
    ("Basic ", re.compile(r"(Basic) [\w.~+/=-]{16,}"), rf"\1 {HIDDEN}"),
    ("eyJ", re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),
)
"""Who goes in an address, its query, what stands in a header, and a token of ours wherever it stands.

Each with a part of it that is looked for first, as most lines have none of them.
"""


def masked(text: str) -> str:
    """A text without secrets."""
    for mark, pattern, instead in PATTERNS:
        if mark in text:
            text = pattern.sub(instead, text)
    return known().sub(HIDDEN, text)


@cache
def known() -> re.Pattern[str]:
    """What finds the secrets of this process's environment."""
    return secrets(os.environ)


def secrets(env: Mapping[str, str]) -> re.Pattern[str]:
    """What finds the values of variables that hold secrets, and nothing where there are none."""
    values = {value for name, value in env.items() if NAMES.search(name) and len(value) >= SHORTEST}
    found = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True))
    return re.compile(found or r"(?!)")
