"""The doctor looks at a PostgreSQL and a Redis as at a data folder, and mends nothing while a worker works on them."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import delete, update

from cli import consistency
from cli.errors import CommandError
from tasks import events, liveness, views
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store import models as tables
from tasks.store.session import Store
from tests.services.postgres import Postgres


@pytest.fixture
def board(postgres: Postgres, valkey: redis.Redis, valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """Jobs in a PostgreSQL that DATABASE_URL names."""
    url = postgres.migrated()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("REDIS_URL", valkey_url)
    monkeypatch.delenv("BLOB_URL", raising=False)
    store = Store(url)
    yield Jobs(store)
    store.close()


def finished(board: Jobs) -> str:
    """A job whose three photos are done."""
    job = board.create("photos", ["ocr"], new_items=[NewItem(f"p{n}", path=f"/{n}") for n in range(3)])
    lease = board.draw("w/1#1", "bulk", 3, 600)
    assert lease is not None
    for item in lease.items:
        found = Finding("ocr", "m", "r", 1, 1, {"lines": []})
        board.finish(item.id, Outcome(sha256=f"{item.id:064}", width=1, height=1, found=(found,)))
    return job


def test_what_is_wrong_on_servers_is_told_and_mended(
    board: Jobs, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = finished(board)
    board.create("photos", ["ocr"], new_items=[NewItem("p", path="/p")])
    board.draw("gone/1#1", "bulk", 1, -1)
    assert [said.state for said in consistency.findings(tmp_path)] == ["warn"], "a lease is over"
    with board.store.write() as connection:
        [lost] = list(connection.execute(tables.results.select().limit(1)))
        connection.execute(delete(tables.results).where(tables.results.c.id == lost.id))
        connection.execute(delete(tables.events).where(tables.events.c.seq == 1))
        connection.execute(update(tables.jobs).where(tables.jobs.c.id == job).values(done=9))
    assert len(list(consistency.findings(tmp_path))) == 4
    assert consistency.repair(tmp_path), capsys.readouterr().out
    assert [said.state for said in consistency.findings(tmp_path)] == ["ok"]
    counts = views.job(board.store, job)["counts"]
    assert (counts["done"], counts["queued"]) == (2, 1)
    frames, _ = events.frames(board.store, job, 0)
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))


def test_nothing_is_mended_while_a_worker_of_any_host_gives_signs_of_life(
    board: Jobs, tmp_path: Path, valkey: redis.Redis
) -> None:
    now = time.time()
    finished(board)
    record = liveness.WorkerRecord("cpu.bulk@far", "1", "far", 1, "cpu", ["bulk.jobs"], 1, now, now, now + 60)
    liveness.announce(valkey, record)
    with pytest.raises(CommandError, match=r"cpu\.bulk@far"):
        consistency.repair(tmp_path)
    assert [said.state for said in consistency.findings(tmp_path)] == ["ok"]
    liveness.withdraw(valkey, record.name)
    assert consistency.repair(tmp_path)
