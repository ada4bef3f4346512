"""What PostgreSQL does otherwise than SQLite: locks by row, several writers at once, an end in the middle."""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, func, inspect, select, text, union_all
from sqlalchemy.exc import OperationalError

from tasks import events as frames
from tasks import results
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store.models import events, items, jobs, metadata
from tasks.store.session import Store, change, migrate
from tests.conftest import until
from tests.schema import differences, go_down, is_ours
from tests.services.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.empty()


@pytest.fixture
def pg_store(postgres: Postgres) -> Iterator[Store]:
    """A migrated store on PostgreSQL."""
    made = Store(postgres.migrated())
    yield made
    made.close()


def _together(*calls: Callable[[], object]) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        for future in [pool.submit(call) for call in calls]:
            future.result(60)


def _photos(count: int) -> list[NewItem]:
    return [NewItem(f"{n}.jpg", path=f"/library/{n}.jpg", sha256=f"{n:064x}") for n in range(count)]


def test_migrations_go_up_down_and_up_again_and_end_at_the_tables_of_the_code(empty_database: str) -> None:
    for revision in ("head", "base", "head"):
        change(empty_database, revision)
        store = Store(empty_database)
        with store.read() as connection:
            there = {name for name in inspect(connection).get_table_names() if is_ours(name)} - {"alembic_version"}
            assert there == (set(metadata.tables) if revision == "head" else set())
            if revision == "head":
                assert differences(connection) == []
        store.close()


def test_frames_are_what_they_were_after_a_way_down_and_up_again(empty_database: str) -> None:
    migrate(empty_database)
    store = Store(empty_database)
    board = Jobs(store)
    job = board.create("photos", ["ocr"], new_items=_photos(3))
    ids = [item.id for item in board.draw("w/1#1", "bulk", 3, 90).items]  # type: ignore[union-attr]
    broken = Outcome(error_code="not_a_picture", error_message="No.")
    board.finish_all(job, [(item, broken if item == ids[1] else Outcome({}, sha256="a" * 64)) for item in ids])
    board.retry(job)
    before = frames.frames(store, job, 0)
    assert board.finish(ids[1], Outcome({}))
    after = frames.frames(store, job, 0)
    assert after[0][: len(before[0])] == before[0]
    go_down(store, "0009")
    with store.read() as connection:
        numbers = connection.scalars(select(events.c.seq).order_by(events.c.seq)).all()
    assert numbers == [frame["seq"] for frame in after[0]]
    migrate(empty_database)
    assert frames.frames(store, job, 0) == after
    with store.read() as connection:
        kept = connection.execute(select(events.c.item_id, events.c.type)).all()
    assert [item for item, kind in kept if kind == "item"] == [ids[1]], "the others tell their own"
    store.close()


def test_processes_that_start_at_once_migrate_once(empty_database: str) -> None:
    _together(*[lambda: migrate(empty_database)] * 4)
    store = Store(empty_database)
    with store.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
    store.close()


def test_workers_that_draw_at_once_draw_every_photo_once_and_none_goes_home_early(pg_store: Store) -> None:
    board = Jobs(pg_store)
    board.create("photos", ["ocr"], new_items=_photos(400))
    drawn: list[int] = []

    def draw_all(owner: str) -> int:
        turns = 0
        while (lease := board.draw(owner, "bulk", 4, 90)) is not None:
            drawn.extend(item.id for item in lease.items)
            turns += 1
        return turns

    _together(*(functools.partial(draw_all, f"w{n}/i") for n in range(8)))
    assert len(drawn) == len(set(drawn)) == 400


def test_a_worker_whose_job_is_locked_waits_for_it_and_draws(pg_store: Store) -> None:
    board = Jobs(pg_store)
    job_id = board.create("photos", ["ocr"], new_items=_photos(2))
    with ThreadPoolExecutor(1) as pool, pg_store.write() as connection:
        connection.execute(select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())
        drawing = pool.submit(board.draw, "w/i", "bulk", 1, 90)
        until(lambda: _waiting_for_locks(pg_store), 10, "waiting for the lock")
        connection.rollback()
        lease = drawing.result(20)
    assert lease is not None
    assert lease.job_id == job_id


def _waiting_for_locks(store: Store) -> int:
    with store.read() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return int(connection.scalar(text(query)) or 0)


def test_photos_are_finished_once_while_leases_expire_and_are_given_back(pg_store: Store) -> None:
    board = Jobs(pg_store)
    job_id = board.create("photos", ["ocr"], new_items=_photos(200))
    over = threading.Event()

    def disturb() -> None:
        while not over.is_set():
            board.release_expired()

    def work(owner: str) -> list[int]:
        finished: list[int] = []
        while (lease := board.draw(owner, "bulk", 10, 0.005)) is not None:
            done = [(item.id, Outcome({}, sha256=item.sha256)) for item in reversed(lease.items)]
            finished += board.finish_all(job_id, done)
            board.release(owner)
        return finished

    with ThreadPoolExecutor(6) as pool:
        disturbing = [pool.submit(disturb) for _ in range(2)]
        working = [pool.submit(work, f"w{n}/i") for n in range(4)]
        counted = [item_id for one in working for item_id in one.result(60)]
        over.set()
        for one in disturbing:
            one.result(20)
    assert len(counted) == len(set(counted)) == 200
    with pg_store.read() as connection:
        job = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
        each = (select(table.c.seq).where(table.c.job_id == job_id) for table in (events, items))
        numbers = sorted(connection.scalars(union_all(*each)))
    assert (job.state, job.done) == ("completed", 200)
    assert numbers == list(range(1, job.seq + 1))


def test_findings_kept_in_opposite_orders_at_once_do_not_block_each_other(pg_store: Store) -> None:
    found = [(f"{n:064x}", Finding("ocr", "m", "1", 1, 1, {})) for n in range(300)]

    def keep(order: int) -> None:
        for _ in range(5):
            with pg_store.write() as connection:
                results.keep_all(connection, found[::order], time.time())

    _together(*[lambda: keep(1), lambda: keep(-1)] * 3)
    with pg_store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(results.results)) == 300


def test_a_nul_in_a_name_or_a_message_is_shown_as_what_cannot_be_shown(pg_store: Store) -> None:
    board = Jobs(pg_store)
    job_id = board.create("photos", ["ocr"], new_items=[NewItem("a\0b.jpg", blob="k")], custom_id="c\0d")
    lease = board.draw("w/i", "bulk", 1, 90)
    assert lease is not None
    assert board.finish(lease.items[0].id, Outcome(error_code="unreadable", error_message="no\0thing"))
    with pg_store.read() as connection:
        item = connection.execute(select(items).where(items.c.job_id == job_id)).one()
        assert connection.scalar(select(jobs.c.custom_id)) == "c\N{REPLACEMENT CHARACTER}d"
    assert (item.name, item.error_message) == ("a\N{REPLACEMENT CHARACTER}b.jpg", "no\N{REPLACEMENT CHARACTER}thing")


def test_json_with_a_nul_comes_back_as_it_was(pg_store: Store) -> None:
    body = {"lines": ["a\0b", "\N{SNOWMAN}"]}
    row = results.keep(pg_store, "a" * 64, Finding("ocr", "m", "1", 1, 1, body))
    assert results.by_id(pg_store, [row])[row].body == body


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_starts_again_loses_and_doubles_nothing(pg_store: Store, postgres: Postgres, how: str) -> None:
    board = Jobs(pg_store)
    job_id = board.create("photos", ["ocr"], new_items=_photos(40))
    begun = threading.Event()

    def work() -> None:
        while (lease := board.draw("w/i", "bulk", 2, 90)) is not None:
            board.finish_all(job_id, [(item.id, Outcome({})) for item in lease.items])
            begun.set()
            board.release("w/i")

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        assert begun.wait(20)
        postgres.stop(how)
        postgres.start()
        working.result(60)
    with pg_store.read() as connection:
        job = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
    assert (job.state, job.done, job.total) == ("completed", 40, 40)


def test_a_transaction_whose_commit_may_have_been_lost_is_recorded_once(pg_store: Store) -> None:
    board = Jobs(pg_store)
    job_id = board.create("photos", ["ocr"], new_items=_photos(1))
    lease = board.draw("w/i", "bulk", 1, 90)
    assert lease is not None
    lost: list[str] = []

    def lose_the_answer(connection: object) -> None:
        if not lost:
            lost.append("once")
            dbapi = connection.connection.dbapi_connection  # type: ignore[attr-defined]
            dbapi.commit()
            dbapi.close()

    event.listen(pg_store.engine, "commit", lose_the_answer)
    board.finish_all(job_id, [(lease.items[0].id, Outcome({}))])
    assert lost
    with pg_store.read() as connection:
        assert connection.execute(select(jobs.c.done, jobs.c.state)).one() == (1, "completed")


def test_a_server_that_stays_away_is_an_error_within_seconds(
    pg_store: Store, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.store.again.FOR_S", 1.0)
    postgres.stop()
    try:
        started = time.monotonic()
        with pytest.raises(OperationalError):
            Jobs(pg_store).draw("w/i", "bulk", 1, 90)
        assert time.monotonic() - started < 10
    finally:
        postgres.start()
