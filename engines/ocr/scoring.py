"""How much of a known text was read: word recall and character error.

Word recall is PROTOCOLS' definition: NFKC, casefold, every mark that is no letter or digit becomes a space, multiset
of words found over multiset of words in the truth.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence


def words(text: str) -> Counter[str]:
    """The multiset of words of a text, normalised."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return Counter("".join(mark if mark.isalnum() else " " for mark in folded).split())


def word_recall(truth: str, found: str) -> float:
    """Share of the truth's words that were found, 0..1; 1 where the truth has none."""
    wanted = words(truth)
    total = wanted.total()
    return (wanted & words(found)).total() / total if total else 1.0


def character_error(truth: Sequence[str], found: Sequence[str]) -> float:
    """Character error rate of matched lines.

    Both texts are normalised as for words and compared without spaces, so that this measures letters and not the
    splitting of words; the edit distance is divided by the truth's length.

    Args:
        truth: lines of the truth in reading order.
        found: lines found in reading order.
    """
    wanted, got = _letters(truth), _letters(found)
    return edit_distance(wanted, got) / len(wanted) if wanted else float(bool(got))


def _letters(lines: Sequence[str]) -> str:
    folded = unicodedata.normalize("NFKC", "\n".join(lines)).casefold()
    return "".join(mark for mark in folded if mark.isalnum())


def edit_distance(first: str, second: str) -> int:
    """Levenshtein distance: insertions, deletions and replacements of single characters."""
    previous = list(range(len(second) + 1))
    for row, mark in enumerate(first, start=1):
        current = [row]
        for column, other in enumerate(second, start=1):
            change = previous[column - 1] + (mark != other)
            current.append(min(previous[column] + 1, current[-1] + 1, change))
        previous = current
    return previous[-1]
