"""What was found before there was a search comes to be found."""

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.search import backfill, queries, text
from tasks.search.filters import Filters
from tasks.store.models import files, photos, results, shown
from tasks.store.session import Store
from tasks.worker import Worker
from tests.unit.tasks.search.conftest import clip, ocr, sha


def finish(store: Store, name: str, *findings: Finding, content: str = "", **of: Any) -> None:
    """A job of one photo, done."""
    jobs = Jobs(store)
    jobs.create("photos", ["ocr"], new_items=[NewItem(name, **of)])
    lease = jobs.draw("w/1#1", "bulk", 1, 60)
    assert lease is not None
    outcome = Outcome(sha256=sha(content or name), width=1, height=1, found=findings)
    assert jobs.finish(lease.items[0].id, outcome)


def found(store: Store, query: str) -> list[str]:
    with store.read() as connection:
        hits = text.find(connection, queries.parse(query).terms, Filters(), 10)
        names = {row.id: row.name for row in connection.execute(select(photos.c.id, photos.c.name))}
    return sorted(names[hit.photo_id] for hit in hits)


def forget(store: Store) -> None:
    """As it was before there was a search."""
    with store.write() as connection:
        connection.execute(delete(photos))


def fill(store: Store) -> None:
    place = backfill.step(store)
    while place is not None:
        place = backfill.step(store, place)


def test_finished_photos_come_to_be_found_and_the_newest_finding_is_shown(store: Store) -> None:
    finish(store, "a.jpg", ocr("older words"))
    finish(store, "a.jpg", clip(1.0, 0.0))
    finish(store, "again.jpg", ocr("newer words", revision="2"), content="a.jpg")
    finish(store, "b.jpg", ocr("words"))
    forget(store)
    assert found(store, "words") == []
    fill(store)
    fill(store)
    assert (found(store, "words"), found(store, "older"), found(store, "newer")) == (
        ["again.jpg", "b.jpg"],
        [],
        ["again.jpg"],
    )
    with store.read() as connection:
        assert len(connection.execute(select(shown)).all()) == 3


def test_what_came_meanwhile_stays(store: Store) -> None:
    finish(store, "old.jpg", ocr("before"), content="a")
    forget(store)
    finish(store, "new.jpg", ocr("after", revision="2"), content="a")
    fill(store)
    assert (found(store, "before"), found(store, "after")) == ([], ["new.jpg"])


def test_files_that_are_gone_stay_so(store: Store) -> None:
    for key in ("gone", "changed", "there"):
        finish(store, f"{key}.jpg", ocr("words"), path=f"/p/{key}.jpg", file=key, stamp="1:2:3")
    with store.write() as connection:
        of = {"seen_by": "j", "stamp": "1:2:3"}
        connection.execute(insert(files).values(key="changed", path="/p/changed.jpg", sha256=sha("other"), **of))
        connection.execute(insert(files).values(key="there", path="/p/there.jpg", sha256=sha("there.jpg"), **of))
        connection.execute(update(photos).values(name="?"))
    forget(store)
    fill(store)
    assert found(store, "words") == ["there.jpg"]


def test_a_finding_that_is_gone_is_passed_over(store: Store) -> None:
    finish(store, "a.jpg", ocr("words"))
    forget(store)
    with store.write() as connection:
        connection.execute(delete(results))
    fill(store)
    assert found(store, "words") == []


def test_a_worker_goes_on_where_it_was_and_is_done_once(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "BATCH", 2)
    for name in ("a", "b", "c", "d", "e"):
        finish(worker.store, f"{name}.jpg", ocr(f"{name}{name} words"))
    forget(worker.store)
    monkeypatch.setattr(backfill, "BUDGET_S", 0.0)
    backfill.go_on(worker)
    assert found(worker.store, "words") == []
    worker.redis.set(backfill._PLACE, str(backfill.step(worker.store)))
    assert found(worker.store, "words") == ["d.jpg", "e.jpg"]
    monkeypatch.setattr(backfill, "BUDGET_S", 60.0)
    for _ in range(4):
        backfill.go_on(worker)
    assert len(found(worker.store, "words")) == 5
    forget(worker.store)
    backfill.go_on(worker)
    assert found(worker.store, "words") == []
