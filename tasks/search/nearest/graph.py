"""The index proper: a graph of neighbours (HNSW), by usearch."""

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tasks.search.nearest.files import NotTrusted

if TYPE_CHECKING:
    from usearch.index import Index

Vectors = NDArray[np.float32]
Ids = NDArray[np.uint64]

SCALAR: Final = "i8"
"""Half the memory of float16, and as good for finding candidates, whose cosines are taken from SQL."""

CONNECTIVITY: Final = 16
EFFORT_ADD: Final = 64
ALONE: Final = 1000
"""The first vectors are added by one thread: several that begin at once do not see each other's, and some are lost."""

EFFORT_SEARCH: Final = 256
EFFORT_NEIGHBOURS: Final = 64


class Graph:
    """Vectors of one space, by their ids, at a byte a number.

    Args:
        index: of usearch; `Graph.new`, `load` and `view` make one.
    """

    def __init__(self, index: "Index") -> None:
        self._index = index
        self._lock = threading.Lock()  # how much a search looks at is a setting of the index

    @classmethod
    def new(cls, dim: int) -> "Graph":
        """An empty one."""
        return cls(_index(dim))

    @classmethod
    def load(cls, path: Path, dim: int) -> "Graph":
        """One that may grow, in memory. Raises NotTrusted."""
        return cls(_opened(path, dim, view=False))

    @classmethod
    def view(cls, path: Path, dim: int) -> "Graph":
        """One that is only searched; the system reads of its file what is looked at. Raises NotTrusted."""
        return cls(_opened(path, dim, view=True))

    def __len__(self) -> int:
        return len(self._index)

    def add(self, ids: Ids, vectors: Vectors, threads: int = 0) -> None:
        """Add vectors [n, dim] under ids that are not there yet; with 0 threads as many as there are cores."""
        alone = max(0, ALONE - len(self))
        if alone:
            self._index.add(ids[:alone], vectors[:alone], threads=1)
        if len(ids) > alone:
            self._index.add(ids[alone:], vectors[alone:], threads=threads or _cores())

    def get(self, ids: Ids) -> Any:
        """The vectors of ids, float32 [dim] each; None where one is not there."""
        return self._index.get(ids, dtype="f32")

    def search(self, query: Vectors, count: int) -> list[int]:
        """About the nearest ids to one vector, nearest first."""
        with self._lock:
            self._index.expansion_search = max(EFFORT_SEARCH, count)  # type: ignore[misc]
            return [int(key) for key in self._index.search(query, count).keys]

    def neighbours(self, queries: Vectors, count: int, threads: int = 0) -> Ids:
        """About the nearest ids to each of [n, dim] vectors, [n, count]."""
        with self._lock:
            self._index.expansion_search = max(EFFORT_NEIGHBOURS, count)  # type: ignore[misc]
            return self._index.search(queries, count, threads=threads or _cores()).keys

    def save(self, path: Path) -> None:
        """Write it into a file. Raises OSError."""
        try:
            self._index.save(str(path))
        except RuntimeError as error:  # as usearch tells of a full disk
            raise OSError(f"{path} cannot be written: {error}") from error

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return int(self._index.memory_usage)


def _index(dim: int) -> "Index":
    from usearch.index import Index

    return Index(
        ndim=dim,
        metric="cos",
        dtype=SCALAR,
        connectivity=CONNECTIVITY,
        expansion_add=EFFORT_ADD,
        expansion_search=EFFORT_SEARCH,
    )


def _opened(path: Path, dim: int, view: bool) -> "Index":
    """A file whose bytes are known to be ours."""
    from usearch.index import Index

    told = Index.metadata(str(path))
    if told is None or told["dimensions"] != dim or told["count_deleted"]:
        raise NotTrusted(f"{path} is no index of vectors of {dim} numbers")
    made = _index(dim)
    try:
        (made.view if view else made.load)(str(path))
    except RuntimeError as error:  # of a release whose files this one cannot read
        raise NotTrusted(f"{path} cannot be opened: {error}") from error
    return made


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
