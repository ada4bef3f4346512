"""Groups of linked faces: each face goes where most of its neighbours are, until nothing changes (Chinese whispers).

A person with thousands of faces falls into several such groups, as each face is linked with its nearest ones only.
The means of large groups tell people apart better than single faces do, so groups with near means are joined.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from tasks.search.nearest.rows import Matrix
from tasks.search.people.alike import Links, Numbers

ROUNDS: Final = 30
LARGE: Final = 5
"""Faces of a group whose mean says something."""


def gather(
    vectors: Matrix, links: Links, pins: Mapping[int, str], least: float, told: Callable[[], None] = lambda: None
) -> Numbers:
    """A number of its group for each face, int64 [n].

    Args:
        vectors: float32 [n, dim] of length one.
        pins: face -> who that is; faces of one person are one group, and those of two are never in the same.
        least: cosine from which two single faces are alike.
        told: called now and then.
    """
    first: dict[str, int] = {}
    for face, person in sorted(pins.items()):
        first.setdefault(person, face)
    groups = np.arange(len(vectors), dtype=np.int64)
    for face, person in pins.items():
        groups[face] = first[person]
    _whisper(groups, links, set(pins), told)
    return _join(groups, vectors, set(first.values()), (1 + least) / 2)


def _whisper(groups: Numbers, links: Links, fixed: set[int], told: Callable[[], None]) -> None:
    starts, others, weights = links.starts.tolist(), links.others.tolist(), links.weights.tolist()
    now: list[int] = groups.tolist()
    waiting = np.random.default_rng(0).permutation(len(links)).tolist()  # in the same order each time
    for _ in range(ROUNDS):
        moved: set[int] = set()
        for face in waiting:
            begin, end = starts[face], starts[face + 1]
            if begin == end or face in fixed:
                continue
            votes: dict[int, float] = defaultdict(float)
            for place in range(begin, end):
                votes[now[others[place]]] += weights[place]
            best = max(votes, key=lambda group: (votes[group], group == now[face], -group))
            if best != now[face]:
                now[face] = best
                moved.update(others[begin:end])
        told()
        if not moved:
            break
        waiting = [face for face in waiting if face in moved] + sorted(moved.difference(waiting))
    groups[:] = now


def _join(groups: Numbers, vectors: Matrix, people: set[int], least: float) -> Numbers:
    """Join large groups whose means are near, the nearest first; never two that are people of their own."""
    while True:
        names, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        large = np.flatnonzero(sizes >= LARGE)
        means = np.zeros((len(names), vectors.shape[1]), np.float32)
        np.add.at(means, inverse, vectors)
        means = means[large] / np.linalg.norm(means[large], axis=1, keepdims=True).clip(1e-9)
        near = means @ means.T
        pairs = np.argwhere(np.triu(near >= least, 1))
        into = {int(name): int(name) for name in names}
        used: set[int] = set()
        for one, other in sorted(pairs.tolist(), key=lambda pair: -near[pair[0], pair[1]]):
            a, b = int(names[large[one]]), int(names[large[other]])
            if a in used or b in used or (a in people and b in people):
                continue
            keep, gone = (a, b) if a in people or b not in people else (b, a)
            into[gone] = keep
            used |= {a, b}
        if not used:
            return groups
        groups = np.array([into[int(name)] for name in names], np.int64)[inverse]
