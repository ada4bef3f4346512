"""PostgreSQL: ids that come out of their order, and an index in the database where it has pgvector."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from tasks.search.filters import Filters
from tasks.search.nearest import Hit, Nearest, Space
from tasks.search.nearest.build import extend
from tasks.search.nearest.build_table import GrowingTable
from tasks.search.nearest.keeper import Keeper
from tasks.search.nearest.table import Table
from tasks.store.models import photos, vectors
from tasks.store.session import Store, change
from tests.services.postgres import Postgres
from tests.unit.tasks.search import drawn
from tests.unit.tasks.search.nearest.test_find import ids


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.migrated()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Of PostgreSQL, whatever the other tests have."""
    made = Store(url)
    yield made
    made.close()


@pytest.fixture
def extended(store: Store) -> None:
    """The database has pgvector."""
    try:
        with store.write() as connection:
            connection.execute(text("CREATE EXTENSION vector"))
    except DBAPIError:
        pytest.skip("no pgvector here")


def ask(store: Store, nearest: Nearest, space: Space, query: drawn.Matrix, most: int = 10, **limits: str) -> list[Hit]:
    with store.read() as connection:
        return nearest.find(connection, space, query.tolist(), Filters(**limits), most)


def test_a_vector_whose_transaction_ends_later_than_a_younger_one_is_found(store: Store, tmp_path: Path) -> None:
    space, found = drawn.space(store), drawn.unit(3)
    drawn.add(store, space, found[:1])
    nearest = Nearest(store, tmp_path)
    with store.engine.connect() as late:
        photo = late.scalar(select(photos.c.id))
        data = found[1].astype("<f2").tobytes()
        row = insert(vectors).values(space=space.id, photo_id=photo, data=data, at=0.0)
        older = late.scalar(row.returning(vectors.c.id))
        (younger,) = drawn.add(store, space, found[2:])
        assert older is not None
        assert older < younger
        assert ask(store, nearest, space, found[2])[0].vector_id == younger
        late.commit()
    assert ask(store, nearest, space, found[1])[0].vector_id == older


@pytest.mark.usefixtures("extended")
def test_pgvector_is_the_index_where_it_is_there(store: Store, tmp_path: Path) -> None:
    space, found = drawn.space(store), drawn.unit(600)
    keys = drawn.add(store, space, found[:100], folder="/a")
    keys += drawn.add(store, space, found[100:400])
    assert extend(store, GrowingTable(store, space), space, keys[-1]) == 400
    nearest = Nearest(store, tmp_path)
    keys += drawn.add(store, space, found[400:])
    right = [
        set(ids(ask(store, nearest, space, query))) & set(drawn.exact(keys, found, query, 10))
        for query in drawn.unit(30, seed=1)
    ]
    assert sum(map(len, right)) >= 0.98 * 300
    assert set(ids(ask(store, nearest, space, -found[0], 100, folder="/a"))) == set(keys[:100])
    drawn.remove(store, keys[:300])
    assert set(ids(ask(store, nearest, space, found[0], 400))) == set(keys[300:])
    assert not (tmp_path / "search").exists()


@pytest.mark.usefixtures("extended")
def test_its_table_follows_what_is_gone_and_is_no_part_of_the_schema(store: Store, url: str) -> None:
    space, found = drawn.space(store), drawn.unit(80)
    keys = drawn.add(store, space, found)
    extend(store, GrowingTable(store, space), space, keys[-1])
    drawn.remove(store, keys[:30])
    growing = GrowingTable(store, space)
    assert (len(growing), growing.upto) == (50, keys[-1])
    assert extend(store, growing, space, keys[-1]) == 0
    store.close()
    change(url, "base")
    change(url, "head")


@pytest.mark.usefixtures("extended")
def test_it_is_extended_once_it_is_far_behind(
    store: Store, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.search.nearest.keeper.LONG", 20)
    monkeypatch.setattr("tasks.search.nearest.marks.SETTLES_S", 0.0)
    monkeypatch.setenv("DARKROOM_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", url)
    space = drawn.space(store)
    keys = drawn.add(store, space, drawn.unit(60))
    from tasks.search.nearest.files import Folder

    keeping = Keeper(store, Folder(tmp_path), lambda: None)
    keeping.look()
    assert keeping._child is not None
    keeping._child.wait(180)
    with store.read() as connection:
        assert Table(connection, space).upto == keys[-1]
    keeping.look()
    assert keeping._child is None
    keeping.close()
