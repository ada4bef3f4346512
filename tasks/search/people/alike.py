"""Which faces are alike: each with its nearest ones, as far as they are near enough."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasks.search.nearest.graph import Graph
from tasks.search.nearest.rows import Matrix

NEIGHBOURS: Final = 24
EXACT: Final = 5000
"""Up to so many faces all are compared with all."""

BLOCK: Final = 2000
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Links:
    """For each face from 0 on, those that it is linked with.

    Attributes:
        starts: [n + 1]; a face's links are those from its start to the next one's.
        others: faces, both ways.
        weights: how near each is, above 0.
    """

    starts: Numbers
    others: Numbers
    weights: Matrix

    def __len__(self) -> int:
        return len(self.starts) - 1


def link(vectors: Matrix, least: float, told: Callable[[], None] = lambda: None) -> Links:
    """Link faces whose cosine is at least `least`.

    Args:
        vectors: float32 [n, dim] of length one.
        told: called now and then.
    """
    near = _exact if len(vectors) <= EXACT else _approximate
    rows, others, cosines = near(vectors, told)
    fits = (cosines >= least) & (rows != others)
    rows, others, cosines = rows[fits], others[fits], cosines[fits]
    # A link that only one of the two has among its nearest counts for both.
    pairs = np.stack([np.concatenate([rows, others]), np.concatenate([others, rows])])
    pairs, first = np.unique(pairs, axis=1, return_index=True)
    weights = np.concatenate([cosines, cosines])[first] - np.float32(least - 1e-3)
    starts = np.searchsorted(pairs[0], np.arange(len(vectors) + 1))
    return Links(starts, pairs[1], weights)


def _exact(vectors: Matrix, told: Callable[[], None]) -> tuple[Numbers, Numbers, Matrix]:
    count = min(NEIGHBOURS + 1, len(vectors))  # itself is one of them
    found = []
    for start in range(0, len(vectors), BLOCK):
        cosines = vectors[start : start + BLOCK] @ vectors.T
        best = np.argpartition(cosines, -count, axis=1)[:, -count:]
        found.append((start, best, np.take_along_axis(cosines, best, axis=1)))
        told()
    return _flat(found)


def _approximate(vectors: Matrix, told: Callable[[], None]) -> tuple[Numbers, Numbers, Matrix]:
    graph = Graph.new(vectors.shape[1])
    for start in range(0, len(vectors), BLOCK):
        some = vectors[start : start + BLOCK]
        graph.add(np.arange(start, start + len(some), dtype=np.uint64), some)
        told()
    found = []
    for start in range(0, len(vectors), BLOCK):
        some = vectors[start : start + BLOCK]
        best = graph.neighbours(some, NEIGHBOURS + 1).astype(np.int64)
        found.append((start, best, np.einsum("ij,ikj->ik", some, vectors[best])))
        told()
    return _flat(found)


def _flat(found: list[tuple[int, Any, Any]]) -> tuple[Numbers, Numbers, Matrix]:
    """Blocks of neighbours [some, count] as lists of links; a block's rows begin with its number."""
    empty = np.empty(0, np.int64)
    rows = [np.repeat(np.arange(start, start + len(best)), best.shape[1]) for start, best, _ in found]
    others = [best.ravel() for _, best, _ in found]
    cosines = [near.ravel() for *_, near in found]
    return (
        np.concatenate([empty, *rows]),
        np.concatenate([empty, *others]),
        np.concatenate([np.empty(0, np.float32), *cosines]),
    )
