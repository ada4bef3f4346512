"""The child that builds: started where there is need, by one of all processes, and gone with who started it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tasks.search.nearest import keeper
from tasks.search.nearest.files import Folder
from tasks.search.nearest.keeper import Keeper
from tasks.search.nearest.marks import Marks
from tasks.store.session import Store
from tests.conftest import until
from tests.unit.tasks.search import drawn


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_url: str) -> None:
    monkeypatch.setattr(keeper, "LONG", 50)
    monkeypatch.setattr("tasks.search.nearest.marks.SETTLES_S", 0.0)
    monkeypatch.setenv("DARKROOM_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database_url)


@pytest.fixture
def keeping(store: Store, tmp_path: Path) -> Iterator[Keeper]:
    made = Keeper(store, Folder(tmp_path), lambda: None)
    yield made
    made.close()


def test_an_index_is_built_once_it_is_far_behind(store: Store, tmp_path: Path, keeping: Keeper) -> None:
    space, folder = drawn.space(store), Folder(tmp_path)
    drawn.add(store, space, drawn.unit(50))
    keeping.look()
    assert keeping._child is None
    keys = drawn.add(store, space, drawn.unit(20, seed=1))
    keeping.look()
    child = keeping._child
    assert child is not None
    keeping.look()
    assert keeping._child is child
    manifest = until(lambda: folder.manifest(space), 180, "the index")
    assert (manifest.upto, manifest.count) == (keys[-1], 70)
    assert until(lambda: child.poll() is not None, 30, "its end")
    keeping.look()
    assert child.returncode == 0
    assert keeping._child is None


def test_while_another_process_builds_none_is_started(store: Store, tmp_path: Path, keeping: Keeper) -> None:
    space = drawn.space(store)
    drawn.add(store, space, drawn.unit(100))
    with Folder(tmp_path).lock(space) as lock:
        assert lock is not None
        keeping.look()
        assert keeping._child is None
    keeping.look()
    assert keeping._child is not None
    with Folder(tmp_path).lock(space) as lock:  # the child has inherited it
        assert lock is None


def test_a_killed_child_leaves_the_lock_and_is_not_started_again_at_once(
    store: Store, tmp_path: Path, keeping: Keeper
) -> None:
    space = drawn.space(store)
    drawn.add(store, space, drawn.unit(100))
    keeping.look()
    child = keeping._child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    keeping.look()
    assert keeping._child is None
    with Folder(tmp_path).lock(space) as lock:
        assert lock is not None


def test_the_child_ends_with_who_started_it(store: Store, tmp_path: Path, keeping: Keeper) -> None:
    space = drawn.space(store)
    drawn.add(store, space, drawn.unit(100))
    keeping.start()
    child = until(lambda: keeping._child, 30, "a child")
    process = psutil.Process(child.pid)
    started = time.monotonic()
    keeping.close()
    assert not process.is_running()
    assert time.monotonic() - started < 5


def test_an_id_is_settled_when_all_below_it_must_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    late, at_once = Marks(120), Marks(0)
    for seconds, newest in ((0, 5), (60, 9), (119, 12)):
        clock[0] = 100.0 + seconds
        late.note(newest)
        at_once.note(newest)
    assert (late.settled, at_once.settled) == (0, 12)
    clock[0] = 100.0 + 121
    late.note(12)
    assert late.settled == 5
    clock[0] = 100.0 + 181
    late.note(12)
    assert late.settled == 9
