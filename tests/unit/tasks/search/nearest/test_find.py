"""A search finds what comparing all vectors finds, whatever of them is in the index, new, replaced or gone."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tasks.search.filters import Filters
from tasks.search.nearest import Hit, Nearest, Space, tail
from tasks.search.nearest.spaces import vectors_of
from tasks.store.session import Store
from tests.unit.tasks.search import drawn
from tests.unit.tasks.search.nearest.conftest import Build, Find


def ids(hits: list[Hit]) -> list[int]:
    return [hit.vector_id for hit in hits]


def recall(find: Find, space: Space, keys: list[int], found: drawn.Matrix) -> float:
    """Share of the ten nearest that are found."""
    queries = drawn.unit(50, seed=1)
    right = [set(ids(find(space, query))) & set(drawn.exact(keys, found, query, 10)) for query in queries]
    return sum(map(len, right)) / 500


def test_without_an_index_all_are_compared(store: Store, find: Find, tmp_path: Path) -> None:
    space, found = drawn.space(store), drawn.unit(300)
    keys = drawn.add(store, space, found)
    for query in drawn.unit(20, seed=1):
        hits = find(space, query)
        assert ids(hits) == drawn.exact(keys, found, query, 10)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert not (tmp_path / "search").exists()


def test_index_and_newer_vectors_are_searched_as_one(store: Store, find: Find, build: Build) -> None:
    space, found = drawn.space(store), drawn.unit(900)
    keys = drawn.add(store, space, found[:600])
    assert build(space, keys[-1]) == 600
    keys += drawn.add(store, space, found[600:])
    assert recall(find, space, keys, found) >= 0.99
    assert build(space, keys[-1]) == 300
    assert recall(find, space, keys, found) >= 0.99


@pytest.mark.parametrize("indexed", [False, True])
def test_what_is_gone_or_replaced_is_never_shown(store: Store, find: Find, build: Build, indexed: bool) -> None:
    space, found = drawn.space(store), drawn.unit(200)
    keys = drawn.add(store, space, found)
    if indexed:
        build(space, keys[-1])
    query = found[0]
    first = find(space, query)[0]
    assert (first.vector_id, round(first.score, 2)) == (keys[0], 1.0)
    drawn.remove(store, keys[:100])
    assert set(ids(find(space, query, 300))) == set(keys[100:])
    (again,) = drawn.add(store, space, query[None])
    assert find(space, query)[0].vector_id == again


def test_models_never_mix(store: Store, find: Find, build: Build) -> None:
    one, other = drawn.space(store), drawn.space(store, model="another")
    found = drawn.unit(40)
    mine, theirs = drawn.add(store, one, found[:20]), drawn.add(store, other, found[20:])
    build(one, max(theirs))
    assert set(ids(find(one, found[0], 100))) == set(mine)
    assert set(ids(find(other, found[0], 100))) == set(theirs)


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("few", [0, 20_000])
def test_a_filter_that_leaves_little_still_finds_all_of_it(
    store: Store, find: Find, build: Build, indexed: bool, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.search.nearest.nearest.MOST_CANDIDATES", 200)
    monkeypatch.setattr("tasks.search.nearest.check.FEW", few)
    space, found = drawn.space(store), drawn.unit(1000)
    far = [*drawn.add(store, space, -found[:1] + drawn.unit(30, 2) / 10, folder="/far")]
    keys = drawn.add(store, space, found)
    if indexed:
        build(space, keys[-1])
    assert set(ids(find(space, found[0], 30, Filters(folder="/far")))) == set(far)
    assert find(space, found[0], 30, Filters(folder="/none")) == []


def test_a_photo_is_found_once_by_its_nearest_face(store: Store, find: Find) -> None:
    space, found = drawn.space(store, "face"), drawn.unit(30)
    keys = drawn.add(store, space, found, faces=3)
    hits = find(space, found[4], 10)
    assert len(hits) == len({hit.photo_id for hit in hits}) == 10
    assert (hits[0].vector_id, hits[0].face) == (keys[4], 1)
    with store.read() as connection:
        assert len(vectors_of(connection, space, f"{2:064}")) == 3
        (one,) = vectors_of(connection, space, f"{2:064}", face=1)
    assert one == pytest.approx(found[4].tolist(), abs=1e-3)


def test_what_has_no_direction_finds_nothing(store: Store, find: Find) -> None:
    space, found = drawn.space(store), drawn.unit(3)
    drawn.add(store, space, found)
    assert find(space, found[0] * 0) == []
    assert find(space, found[0], most=0) == []
    with pytest.raises(ValueError, match="3 numbers among vectors of 16"):
        find(space, found[0][:3])


def test_a_search_while_the_index_is_replaced_misses_nothing(store: Store, find: Find, build: Build) -> None:
    space, found = drawn.space(store), drawn.unit(1200)
    keys = drawn.add(store, space, found[:200])
    missed, over = [], threading.Event()

    def search() -> None:
        place = 0
        while not over.is_set():
            place = (place + 37) % len(keys)
            if find(space, found[place], 3)[0].vector_id != keys[place]:
                missed.append(place)

    searching = threading.Thread(target=search)
    searching.start()
    try:
        for start in range(200, 1200, 100):
            keys += drawn.add(store, space, found[start : start + 100])
            build(space, keys[-50])
    finally:
        over.set()
        searching.join()
    assert missed == []


def test_too_many_new_vectors_are_told_and_wait_for_the_index(
    store: Store, find: Find, build: Build, nearest: Nearest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "MOST", 100)
    space, found = drawn.space(store), drawn.unit(500)
    keys = drawn.add(store, space, found)
    assert set(ids(find(space, found[0], 400))) >= set(keys[-100:])
    with store.read() as connection:
        assert nearest.behind(connection, space) == 400
    build(space, keys[-1])
    assert find(space, found[0])[0].vector_id == keys[0]
    with store.read() as connection:
        assert nearest.behind(connection, space) == 0


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, tasks.search.nearest; print({'numpy', 'usearch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"
