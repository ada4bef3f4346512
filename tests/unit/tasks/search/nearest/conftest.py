"""A search for vectors, and what builds its index."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.search.filters import Filters
from tasks.search.nearest import Hit, Nearest, Space
from tasks.search.nearest.build import GrowingFile, extend
from tasks.search.nearest.files import Folder
from tasks.store.session import Store
from tests.unit.tasks.search.drawn import Matrix

Find = Callable[..., list[Hit]]
Build = Callable[[Space, int], int]


@pytest.fixture
def nearest(store: Store, tmp_path: Path) -> Iterator[Nearest]:
    """As an API process has it, without its thread."""
    made = Nearest(store, tmp_path)
    yield made
    made.close()


@pytest.fixture
def find(store: Store, nearest: Nearest) -> Find:
    """A search in a transaction of its own."""

    def ask(space: Space, query: Matrix, most: int = 10, limits: Filters | None = None) -> list[Hit]:
        with store.read() as connection:
            return nearest.find(connection, space, query.tolist(), limits, most)

    return ask


@pytest.fixture
def build(store: Store, tmp_path: Path, nearest: Nearest) -> Build:
    """Extends the index of a space up to a vector, as the child does; how many were added."""

    def run(space: Space, upto: int) -> int:
        with store.read() as connection:
            growing = GrowingFile(connection, Folder(tmp_path), space)
        added = extend(store, growing, space, upto)
        nearest._renew()
        return added

    return run
