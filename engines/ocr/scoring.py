"""How much of a known text was read: word recall and character error.

Word recall is PROTOCOLS' definition: NFKC, casefold, every mark that is no letter or digit becomes a space, multiset
of words found over multiset of words in the truth.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from engines.ocr.order import reading_order

Placed = tuple[str, Any]
TOUCHING = 0.3


def words(text: str) -> Counter[str]:
    """The multiset of words of a text, normalised."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return Counter("".join(mark if mark.isalnum() else " " for mark in folded).split())


def word_recall(truth: str, found: str) -> float:
    """Share of the truth's words that were found, 0..1; 1 where the truth has none."""
    wanted = words(truth)
    total = wanted.total()
    return (wanted & words(found)).total() / total if total else 1.0


def character_error(truth: Sequence[Placed], found: Sequence[Placed]) -> float:
    """Character error rate of labelled text: edit distance over the length of the truth.

    Both are put into reading order, for annotators label in any order; found lines that touch no labelled box are left
    out, for annotators leave handwriting and other scripts unlabelled. Letters and digits are compared, normalised as
    for words and without spaces, so that this measures characters and not the splitting of words.

    Args:
        truth: labelled text with its quads, float [4, 2] in pixels.
        found: lines that were read, likewise.
    """
    touching = [line for line in found if any(_overlap(line[1], label[1]) >= TOUCHING for label in truth)]
    wanted, got = _letters(_in_order(truth)), _letters(_in_order(touching))
    return edit_distance(wanted, got) / len(wanted) if wanted else float(bool(got))


def _in_order(lines: Sequence[Placed]) -> list[str]:
    quads = [np.asarray(quad, np.float32).reshape(4, 2) for _, quad in lines]
    return [lines[index][0] for index in reading_order(quads)]


def _overlap(first: Any, second: Any) -> float:
    """Shared area of the boxes around two quads, over the smaller one's area."""
    (l1, t1), (r1, b1) = _bounds(first)
    (l2, t2), (r2, b2) = _bounds(second)
    shared = max(0.0, min(r1, r2) - max(l1, l2)) * max(0.0, min(b1, b2) - max(t1, t2))
    return shared / max(1e-6, min((r1 - l1) * (b1 - t1), (r2 - l2) * (b2 - t2)))


def _bounds(quad: Any) -> tuple[list[float], list[float]]:
    points = np.asarray(quad, np.float32).reshape(4, 2)
    return points.min(0).tolist(), points.max(0).tolist()


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
