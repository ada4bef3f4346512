"""Kept vectors as matrices."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


def matrix(data: Sequence[bytes], dim: int) -> Matrix:
    """Kept vectors as float32 [n, dim]; one that has another number of numbers than its space is nothing, as zeros."""
    size = 2 * dim
    whole = b"".join(each if len(each) == size else bytes(size) for each in data)
    return np.frombuffer(whole, "<f2").reshape(-1, dim).astype(np.float32)


def unit(vector: Sequence[float], dim: int) -> Matrix | None:
    """A vector with length one, float32 [dim]; None where it has no length.

    Raises:
        ValueError: it has another number of numbers.
    """
    values = np.asarray(vector, np.float32)
    if values.shape != (dim,):
        raise ValueError(f"a vector of {values.size} numbers among vectors of {dim}")
    length = float(np.linalg.norm(values))
    return values / length if 0 < length < float("inf") else None
