"""Notices while a page streams in that the model goes round in circles, and holds that back.

The end of the text is a loop when it keeps one period for long enough. What long enough is depends on what is
repeated: empty cells, rules and zeros fill real forms, sentences do not come five times in a row. A second look takes
every number for the same one, so that lists that only count on, and boxes that only move on, are noticed too.

Each look searches the last marks for earlier ones with the functions of `str`: its cost is bounded, so that of a page
is linear in its length.
"""

import re
import sys
from collections.abc import Callable
from typing import Final

# Marks of the longest period that is looked for: several rows of a table, or a paragraph.
LONGEST: Final = 1000
# A loop of words, of marks and figures alone, and of words whose numbers change. Marks that keep the period.
WORDS: Final = 1500
FIGURES: Final = 4000
COUNTING: Final = 6000
COPIES: Final = 5
# From here on nothing is shown until the text changes.
SUSPICIOUS: Final = 40
SUSPICIOUS_COUNTING: Final = 600
# Enough for an answer that has no end.
CUT: Final = 200

_NEEDLE: Final = 24
_STEP: Final = 16
_KEPT: Final = COUNTING + LONGEST
_NUMBER: Final = re.compile(r"\d+")
_MARKUP: Final = re.compile(r"<\|ref\|>[^<]*<\|/ref\|>|<[^>]*>")

Need = Callable[[str], int]


class Repetition:
    """One stream of text. Not thread safe.

    Attributes:
        looping: the text is a loop, and what was held back of it is dropped; nothing need be fed any more.
    """

    def __init__(self) -> None:
        """Nothing read yet."""
        self.looping = False
        self._text = ""
        self._counted = ""
        self._held = ""
        self._holds = False
        self._unseen = 0

    def feed(self, piece: str) -> str:
        """What may be shown after a further piece; empty while the text is suspicious."""
        # A long piece is looked at in its midst too, lest what is good of it is held back with the circle at its end.
        return "".join(self._feed(piece[at : at + _STEP]) for at in range(0, len(piece), _STEP) if not self.looping)

    def _feed(self, piece: str) -> str:
        self._text = _append(self._text, piece)
        # Digits at the seam belong to one number.
        self._counted = _append(self._counted[:-1], _NUMBER.sub("0", self._counted[-1:] + piece))
        self._held += piece
        self._unseen += len(piece)
        if self._unseen >= _STEP:
            self._unseen = 0
            self._look()
        return "" if self._holds else self._release()

    def finish(self, cut: bool = False) -> str:
        """The rest; `cut`: the model was stopped by its limit, and less is enough for a loop."""
        self._look()
        self.looping = self.looping or (cut and _repeats(self._text, _long_for_a_cut))
        return "" if self.looping else self._release()

    def _look(self) -> None:
        self.looping = _repeats(self._text, _long) or _repeats(self._counted, _long_counting)
        self._holds = self.looping or _repeats(self._text, _suspicious) or _repeats(self._counted, _suspicious_counting)

    def _release(self) -> str:
        held, self._held = self._held, ""
        return held


def _append(text: str, piece: str) -> str:
    text += piece
    return text if len(text) < 2 * _KEPT else text[-_KEPT:]


def _repeats(text: str, need: Need) -> bool:
    """Whether the end of `text` repeats what stands before it for as many marks as `need` says of the unit."""
    size = len(text)
    needle = text[-_NEEDLE:]
    last = size - len(needle)
    at = last
    while (at := text.rfind(needle, max(0, last - LONGEST), at + len(needle) - 1)) >= 0:
        period = last - at
        length = need(text[-period:])
        if length + period <= size and text[-length:] == text[-length - period : -period]:
            return True
    return False


def _long(unit: str) -> int:
    return max(WORDS if _has_words(unit) else FIGURES, (COPIES - 1) * len(unit))


def _long_counting(unit: str) -> int:
    return max(COUNTING, (COPIES - 1) * len(unit)) if _has_words(unit) else sys.maxsize


def _long_for_a_cut(unit: str) -> int:
    return max(CUT, 2 * len(unit))


def _suspicious(unit: str) -> int:
    return SUSPICIOUS


def _suspicious_counting(unit: str) -> int:
    return SUSPICIOUS_COUNTING if _has_words(unit) else sys.maxsize


def _has_words(unit: str) -> bool:
    """Whether a unit, which may begin anywhere, says something besides markup, punctuation and figures."""
    start = max(0, unit.find("<"))
    return any(mark.isalpha() for mark in _MARKUP.sub("", unit[start:] + unit[:start]))
