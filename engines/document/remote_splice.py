"""Where one reading of a page goes on from another one that broke off.

Text that was shown cannot be taken back. So when a page is read again, what is shown of the second reading begins
where the first one ended: at the same mark where both are alike, else behind the last words that both have.
"""

import re
from difflib import Match, SequenceMatcher
from typing import Final

# Words of the end of the first reading that are looked for, and how many in a row are no chance.
TAIL: Final = 300
CERTAIN: Final = 4
# Words between two runs that belong together.
NEAR: Final = 3
# How much longer than the first one the second reading gets before both are compared.
AHEAD: Final = 200

# Coordinates and labels differ where the text does not, and other scripts have no spaces: each letter is a word.
_WORD: Final = re.compile(
    r"<\|ref\|>[^<]*<\|/ref\|>|<\|det\|>[^<\n]*(?:<\|/det\|>)?|<[^<>\n]*>|!\[[^\n\]]*\]\([^\n)]*\)|[a-z0-9]+|\w"
)
_MARKUP: Final = ("<", "!")


def find_continuation(kept: str, again: str) -> int | None:
    """Index in `again` from which it says what `kept` does not; None where both have nothing in common."""
    if again.startswith(kept):
        return len(kept)
    before, after = _words(kept)[-TAIL:], _words(again)
    if kept.startswith(again) or not after:
        return len(again)
    if not before:
        return 0
    matcher = SequenceMatcher(None, [word for word, _ in before], [word for word, _ in after], autojunk=False)
    last = _last(matcher.get_matching_blocks(), min(CERTAIN, len(before)))
    if last is None:
        return None
    end, start = before[last.a + last.size - 1][1], after[last.b + last.size - 1][1]
    # Behind the last whole word there may be more in both: half a word, a full stop, the markup of the next block.
    more = len(kept) - end
    return start + more if kept[end:] == again[start : start + more] else start


def _last(blocks: list[Match], certain: int) -> Match | None:
    """The last run of words that is in both texts by no chance: it is long, or close behind one that is."""
    last: Match | None = None
    for block in blocks:
        near = last is not None and max(block.a - last.a - last.size, block.b - last.b - last.size) <= NEAR
        if block.size and (block.size >= certain or near):
            last = block
    return last


class Continuation:
    """A second reading as it streams in. Not thread safe.

    Attributes:
        fits: False where it has nothing in common with the first one, and so comes out whole, after an empty line.
    """

    def __init__(self, kept: str) -> None:
        """Take what was shown of the first reading; where that is nothing, everything is new."""
        self.fits = True
        self._kept = kept
        self._waiting: str | None = "" if kept else None

    def feed(self, piece: str) -> str:
        """What is new in a further piece; empty until the second reading has caught up with the first."""
        if self._waiting is None:
            return piece
        self._waiting += piece
        ahead = len(self._waiting) - len(self._kept)
        if ahead >= AHEAD or (ahead >= 0 and self._waiting.startswith(self._kept)):
            return self._join()
        return ""

    def finish(self) -> str:
        """The rest, when no more comes."""
        return "" if self._waiting is None else self._join()

    def _join(self) -> str:
        waiting, self._waiting = self._waiting or "", None
        start = find_continuation(self._kept, waiting)
        if start is None:
            self.fits = False
            return "\n\n" + waiting
        return waiting[start:]


def _words(text: str) -> list[tuple[str, int]]:
    """Words in lower case, and the index behind each."""
    found = _WORD.finditer(text.lower() if len(text.lower()) == len(text) else text)
    return [(match.group(), match.end()) for match in found if not match.group().startswith(_MARKUP)]
