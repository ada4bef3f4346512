"""Search follows jobs: what workers finish, what rescans list and miss, what retention removes."""

import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from tasks import retention
from tasks.jobs import Jobs, Outcome
from tasks.library import listing
from tasks.search import leaving, queries, text
from tasks.search.filters import Filters
from tasks.store.models import items, jobs, photos, results, texts
from tasks.store.session import Store
from tests.unit.tasks.search.conftest import ocr, sha
from tests.unit.tasks.test_library import photo, rescan

MODEL = {"ocr": ("reader", "1", "")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder.resolve()


def look_at_all(store: Store) -> None:
    """Each photo that waits has the words of its name's first part on it."""
    state = Jobs(store)
    while lease := state.draw("w/1#1", "bulk", 100, 60):
        done = [(item.id, _outcome(Path(item.path or "").read_bytes().decode())) for item in lease.items]
        state.finish_all(lease.job_id, done)


def _outcome(content: str) -> Outcome:
    return Outcome(sha256=sha(content), width=100, height=200, found=(ocr(content),))


def found(store: Store, query: str, **filters: Any) -> list[str]:
    with store.read() as connection:
        hits = text.find(connection, queries.parse(query).terms, Filters(**filters), 10)
        names = {row.id: row.name for row in connection.execute(select(photos.c.id, photos.c.name))}
    return sorted(names[hit.photo_id] for hit in hits)


def test_a_photo_is_found_with_the_transaction_that_finishes_it(store: Store, root: Path) -> None:
    photo(root / "in" / "a.jpg", b"red words")
    job = rescan(store, root, MODEL)
    assert found(store, "words") == []
    look_at_all(store)
    assert found(store, "words", folder=str(root / "in")) == ["in/a.jpg"]
    with store.read() as connection:
        row = connection.execute(select(photos)).one()
    assert (row.job_id, row.path, row.taken_at is not None) == (job, str(root / "in" / "a.jpg"), True)


def test_a_rescan_names_its_job_drops_what_is_gone_and_knows_what_was_moved(store: Store, root: Path) -> None:
    for name in ("stays", "goes", "moves"):
        photo(root / f"{name}.jpg", f"{name} words".encode())
    rescan(store, root, MODEL)
    look_at_all(store)
    with store.read() as connection:
        before = {row.name: row.id for row in connection.execute(select(photos.c.id, photos.c.name))}
    (root / "goes.jpg").unlink()
    (root / "to").mkdir()
    shutil.move(root / "moves.jpg", root / "to")
    job = rescan(store, root, MODEL)
    assert found(store, "words") == ["stays.jpg"]
    look_at_all(store)
    assert found(store, "words") == ["stays.jpg", "to/moves.jpg"]
    with store.read() as connection:
        after = {row.name: (row.id, row.job_id) for row in connection.execute(select(photos))}
    assert after["stays.jpg"] == (before["stays.jpg"], job)
    assert after["to/moves.jpg"] == (before["moves.jpg"], job)


def test_what_was_gone_for_a_day_is_removed_with_all_that_was_known_of_it(store: Store, root: Path) -> None:
    for name in ("stays", "goes"):
        photo(root / f"{name}.jpg", f"{name} words".encode())
    rescan(store, root, MODEL)
    look_at_all(store)
    (root / "goes.jpg").unlink()
    rescan(store, root, MODEL)
    assert leaving.remove_gone(store, time.time() - leaving.GONE_S) == 0
    assert [leaving.remove_gone(store, time.time() + 1) for _ in range(2)] == [1, 0]
    with store.read() as connection:
        assert len(connection.execute(select(texts)).all()) == len(connection.execute(select(photos)).all()) == 1
    assert found(store, "words") == ["stays.jpg"]


def test_a_copy_that_is_listed_unread_is_found_where_it_lies(store: Store, root: Path) -> None:
    photo(root / "a.jpg", b"red words")
    rescan(store, root, MODEL)
    look_at_all(store)
    with store.write() as connection:
        connection.execute(delete(photos))
    rescan(store, root, MODEL)
    assert found(store, "words", folder=str(root)) == ["a.jpg"]


def test_a_failed_photo_is_not_found(store: Store, root: Path) -> None:
    photo(root / "a.jpg", b"red words")
    rescan(store, root, MODEL)
    lease = Jobs(store).draw("w/1#1", "bulk", 1, 60)
    assert lease is not None
    Jobs(store).finish(lease.items[0].id, Outcome(error_code="not_a_picture", error_message="No.", sha256=sha("x")))
    with store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(photos)) == 0


def test_findings_that_retention_removes_leave_the_search(store: Store, root: Path) -> None:
    photo(root / "a.jpg", b"red words")
    rescan(store, root, MODEL)
    look_at_all(store)
    with store.write() as connection:
        connection.execute(update(results).values(created_at=1.0))
        connection.execute(delete(items))
        connection.execute(delete(jobs))
    walk = retention.Walk(store, before=time.time() - retention.DAY_S)
    while walk.step():
        pass
    assert walk.removed == 1
    assert found(store, "words") == []


def test_of_a_listing_that_is_told_again_nothing_is_lost(store: Store, root: Path) -> None:
    photo(root / "a.jpg", b"red words")
    photo(root / "b.jpg", b"red words")
    rescan(store, root, MODEL)
    look_at_all(store)
    assert len(found(store, "words")) == 1, "one content is one photo"
    (root / "b.jpg").unlink()
    (root / "a.jpg").rename(root / "c.jpg")
    asked = {"library": str(root)}
    job = Jobs(store).create("library", ["ocr"], options=asked, listing=True)
    listing.list_folder(listing.Listing(store, job, MODEL), asked, [root])
    listing.list_folder(listing.Listing(store, job, MODEL), asked, [root])
    look_at_all(store)
    assert found(store, "words") == ["c.jpg"]
