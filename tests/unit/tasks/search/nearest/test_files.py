"""An index file is a cache: damaged, foreign or outdated, it is never believed, and made anew."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.search.nearest import Nearest, Space
from tasks.search.nearest.files import Folder
from tasks.store.session import Store
from tests.unit.tasks.search import drawn
from tests.unit.tasks.search.nearest.conftest import Build, Find


def index_of(home: Path) -> Path:
    (path,) = (home / "search").glob("*.usearch")
    return path


def flip(home: Path) -> None:
    data = bytearray(index_of(home).read_bytes())
    data[len(data) // 2] ^= 1
    index_of(home).write_bytes(data)


def cut(home: Path) -> None:
    index_of(home).write_bytes(index_of(home).read_bytes()[:-100])


def delete(home: Path) -> None:
    index_of(home).unlink()


def garble(home: Path) -> None:
    (home / "search" / "1.json").write_text('{"file": 7')


def point_elsewhere(home: Path) -> None:
    manifest = home / "search" / "1.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"file": "../darkroom.db"}))


def belong_to_another(home: Path) -> None:
    manifest = home / "search" / "1.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"space": told["space"] | {"model": "another"}}))


@pytest.mark.parametrize("harm", [flip, cut, delete, garble, point_elsewhere, belong_to_another])
def test_a_harmed_index_is_not_used_and_made_anew(
    store: Store, tmp_path: Path, build: Build, harm: Callable[[Path], None]
) -> None:
    space, found = drawn.space(store), drawn.unit(100)
    keys = drawn.add(store, space, found)
    build(space, keys[-1])
    harm(tmp_path)
    fresh = Nearest(store, tmp_path)
    with store.read() as connection:
        hits = fresh.find(connection, space, found[3].tolist(), None, 5)
    assert hits[0].vector_id == keys[3]
    assert build(space, keys[-1]) == 100
    assert Folder(tmp_path).manifest(space) is not None


def test_an_index_of_before_a_restored_backup_is_made_anew(store: Store, tmp_path: Path, build: Build) -> None:
    space, found = drawn.space(store), drawn.unit(400)
    keys = drawn.add(store, space, found[:200])
    build(space, keys[-1])
    forget(store)
    again = drawn.add(store, space, found[200:])
    assert again == keys
    assert build(space, again[-1]) == 200


def forget(store: Store) -> None:
    """As if a database were put in its place whose ids begin anew."""
    from sqlalchemy import text

    with store.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("TRUNCATE photos RESTART IDENTITY CASCADE"))
        else:
            for statement in ("DELETE FROM photos", "DELETE FROM sqlite_sequence"):
                connection.execute(text(statement))


def test_an_index_of_much_that_is_gone_is_made_anew(store: Store, tmp_path: Path, build: Build) -> None:
    space = drawn.space(store)
    keys = drawn.add(store, space, drawn.unit(200))
    build(space, keys[-1])
    drawn.remove(store, keys[:20])
    assert build(space, keys[-1]) == 0
    drawn.remove(store, keys[20:80])
    assert build(space, keys[-1]) == 120
    drawn.remove(store, keys)
    assert build(space, keys[-1]) == 0
    assert Folder(tmp_path).manifest(space) is None


def test_what_a_crash_left_half_written_harms_nothing(store: Store, tmp_path: Path, find: Find, build: Build) -> None:
    space, found = drawn.space(store), drawn.unit(100)
    keys = drawn.add(store, space, found[:60])
    build(space, keys[-1])
    folder = Folder(tmp_path)
    shutil.copy(index_of(tmp_path), folder.partial(space))
    folder.partial(space).write_bytes(b"half")
    (tmp_path / "search" / ".1.json").write_text("{")
    keys += drawn.add(store, space, found[60:])
    assert find(space, found[80])[0].vector_id == keys[80]
    assert build(space, keys[-1]) == 40
    assert len(list((tmp_path / "search").glob("*.usearch"))) == 1


def test_one_builds_at_a_time(tmp_path: Path) -> None:
    folder, space = Folder(tmp_path), Space(1, "clip", "drawn", "1", 16)
    with folder.lock(space) as mine, Folder(tmp_path).lock(space) as theirs:
        assert (mine is not None, theirs) == (True, None)
    with folder.lock(space) as mine:
        assert mine is not None
