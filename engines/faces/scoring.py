"""How well vectors tell people apart."""

from collections.abc import Callable, Sequence
from itertools import combinations

Vector = Sequence[float]


def balanced_accuracy(faces: Sequence[tuple[str, Vector]], same: Callable[[Vector, Vector], bool]) -> float:
    """Mean of two shares, 0..1: of pairs of one person told to be the same, and of pairs of two told to be different.

    Args:
        faces: name and vector of each.
        same: whether two vectors are taken for one person's.

    Raises:
        ValueError: no pair of one person, or none of two.
    """
    told: dict[bool, list[bool]] = {True: [], False: []}
    for (name, vector), (other, another) in combinations(faces, 2):
        told[name == other].append(same(vector, another))
    if not told[True] or not told[False]:
        raise ValueError("there must be pairs of one person and pairs of two")
    return (sum(told[True]) / len(told[True]) + 1 - sum(told[False]) / len(told[False])) / 2
