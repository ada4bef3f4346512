"""A store that was damaged in each way that we know is found out and mended, and a sound one is left alone."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from typer.testing import CliRunner

from cli import consistency
from cli.errors import CommandError
from cli.lock import hold
from cli.main import app
from tasks import events, results, views
from tasks.blobs import Spool
from tasks.consistency import Kept, faults
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.results import Finding
from tasks.store import models as tables
from tasks.store.session import Store, change, migrate

FAILED = Outcome(error_code="not_a_picture", error_message="No.")
TTL_S = 3600.0


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "DATABASE_URL", "BLOB_URL", "DARKROOM_HOME"):
        monkeypatch.delenv(name, raising=False)


class Folder:
    """A data folder without a service."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.database = home / "darkroom.db"
        migrate(f"sqlite:///{self.database}")
        self.store = Store(f"sqlite:///{self.database}")
        self.jobs = Jobs(self.store)
        self.spool = Spool(f"file://{home}/spool")

    def kept(self, idle: bool = True) -> Kept:
        return Kept(self.store, self.spool, TTL_S, idle)

    def found(self, idle: bool = True) -> list[str]:
        return [fault.found for fault in faults(self.kept(idle))]

    def mend(self) -> list[str | None]:
        """Mend all; what is said, after a look that nothing is left."""
        said = [fault.mend() for fault in faults(self.kept()) if fault.mend]
        assert self.found() == []
        return said

    def uploads(self, count: int) -> list[NewItem]:
        keys = [self.spool.put(b"%d" % n, f"{n:064}") for n in range(count)]
        return [NewItem(f"p{n}", blob=key, sha256=key) for n, key in enumerate(keys)]

    def job(self, count: int, done: int = 0) -> tuple[str, list[int]]:
        """A job of uploads of which some are done, each with a result; and the ids of those that are drawn."""
        job = self.jobs.create("photos", ["ocr"], new_items=self.uploads(count))
        lease = self.jobs.draw("w/1#1", "bulk", count, 60)
        assert lease is not None
        for item in lease.items[:done]:
            found = Finding("ocr", "m", "r", 1, 1, {"lines": []})
            assert self.jobs.finish(item.id, Outcome(sha256=item.sha256, width=1, height=1, found=(found,)))
        self.jobs.release("w/1#1")
        return job, [item.id for item in lease.items]

    def damage(self, *statements: Any) -> None:
        """Change rows behind the back of the state machine, as no foreign key hinders."""
        with self.store.engine.connect() as connection:
            connection.execute(text("ROLLBACK"))
            connection.execute(text("PRAGMA foreign_keys=OFF"))
            for statement in statements:
                connection.execute(statement)
            connection.execute(text("PRAGMA foreign_keys=ON"))

    def counts(self, job: str) -> dict[str, int]:
        found: dict[str, int] = views.job(self.store, job)["counts"]
        assert found["total"] == sum(found[name] for name in ("queued", "running", "done", "failed", "cancelled"))
        return found

    def state(self, job: str) -> str:
        return str(views.job(self.store, job)["state"])

    def frames(self, job: str) -> list[dict[str, Any]]:
        found, _ = events.frames(self.store, job, 0, 1000)
        assert [frame["seq"] for frame in found] == list(range(1, len(found) + 1))
        return found

    def close(self) -> None:
        self.store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path / "home")
    yield made
    made.close()


def fill(folder: Folder) -> None:
    """Jobs in every state."""
    folder.job(3, 3)
    folder.job(3, 1)
    paused, _ = folder.job(3, 1)
    folder.jobs.pause(paused)
    cancelled, _ = folder.job(3, 1)
    folder.jobs.cancel(cancelled)
    failed, ids = folder.job(1)
    folder.jobs.draw("w/1#1", "bulk", 9, 60)
    folder.jobs.finish(ids[0], FAILED)
    folder.jobs.release("w/1#1")
    folder.jobs.retry(failed)
    unlisted = folder.jobs.create("library", ["ocr"], listing=True)
    folder.jobs.finish_listing(unlisted, ("path_not_found", "No."))
    folder.jobs.create("library", ["ocr"], listing=True)


def contents(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def test_a_sound_store_is_left_as_it_is_byte_for_byte(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    fill(folder)
    folder.close()
    before = contents(folder.home)
    [said] = consistency.findings(folder.home)
    assert (said.state, said.found) == ("ok", "all that is kept fits together")
    assert contents(folder.home) == before
    assert consistency.repair(folder.home)
    assert capsys.readouterr().out == "Nothing was wrong.\n"
    after = contents(folder.home)
    after.pop("darkroom.lock")
    assert after == before


def test_looking_changes_no_byte_of_a_damaged_store_or_of_one_whose_service_was_killed(folder: Folder) -> None:
    job, _ = folder.job(3, 1)
    folder.damage(update(tables.jobs).where(tables.jobs.c.id == job).values(done=7))
    before = contents(folder.home)
    assert "darkroom.db-wal" in before, "its connections are open still"
    [said] = consistency.findings(folder.home)
    assert (said.state, "counts" in said.found, "--repair" in said.step) == ("warn", True, True)
    after = contents(folder.home)
    for each in (before, after):
        each.pop("darkroom.db-shm")  # an index of the log, made anew by whoever opens it
    assert after == before


def test_a_store_that_a_service_works_on_is_not_repaired(folder: Folder) -> None:
    with hold(folder.home), pytest.raises(CommandError, match=f"process {os.getpid()}.*Stop it"):
        consistency.repair(folder.home)
    assert folder.found() == []


def test_a_folder_without_a_store_has_nothing_to_mend_and_none_is_made(tmp_path: Path) -> None:
    assert [said.found for said in consistency.findings(tmp_path)] == ["nothing is kept yet"]
    with pytest.raises(CommandError, match="nothing to mend"):
        consistency.repair(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_fault_is_told_and_mended_with_a_line(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    job, _ = folder.job(3, 1)
    folder.damage(update(tables.jobs).where(tables.jobs.c.id == job).values(done=7))
    folder.close()
    assert consistency.repair(folder.home)
    assert capsys.readouterr().out.splitlines() == [
        f"found: 1 job with counts that are not those of their items: {job}",
        "mended: items of 1 job counted anew",
        "Everything fits together.",
    ]
    assert folder.counts(job)["done"] == 1


def test_the_command_ends_with_status_1_where_something_is_left(folder: Folder) -> None:
    command = ["doctor", "--repair", "--data", str(folder.home)]
    assert CliRunner().invoke(app, command).exit_code == 0
    folder.damage(text("UPDATE alembic_version SET version_num='9999'"))
    left = CliRunner().invoke(app, command)
    assert (left.exit_code, "left: Use the newer Darkroom" in left.stdout) == (1, True)


def test_counts_that_are_not_those_of_the_items_are_counted_anew(folder: Folder) -> None:
    job, ids = folder.job(4, 2)
    folder.damage(delete(tables.items).where(tables.items.c.id == ids[3]))
    assert len(folder.found()) == 1
    folder.mend()
    counts = folder.counts(job)
    assert (counts["total"], counts["done"], counts["queued"]) == (3, 2, 1)


def test_a_job_with_nothing_left_to_do_ends_and_says_so(folder: Folder) -> None:
    job, ids = folder.job(2, 1)
    folder.damage(
        delete(tables.items).where(tables.items.c.id == ids[1]),
        update(tables.jobs).where(tables.jobs.c.id == job).values(total=1),
    )
    [said] = folder.found()
    assert job in said
    folder.mend()
    assert folder.state(job) == "completed"
    assert folder.frames(job)[-1]["type"] == "end"


@pytest.mark.parametrize(("by", "becomes"), [("completed", "queued"), ("cancelled", "cancelled")])
def test_a_job_that_ended_before_its_items_is_put_right(folder: Folder, by: str, becomes: str) -> None:
    job, _ = folder.job(2, 1)
    ended = {"state": by, "finished_at": time.time()}
    folder.damage(update(tables.jobs).where(tables.jobs.c.id == job).values(ended))
    assert len(folder.found()) == 1
    folder.mend()
    assert (folder.state(job), folder.counts(job)[becomes]) == (becomes, 1)
    assert (folder.jobs.draw("w/1#1", "bulk", 9, 60) is not None) == (by == "completed")


def test_items_at_work_with_no_worker_are_queued_again_when_their_lease_is_over(folder: Folder) -> None:
    job, ids = folder.job(3)
    folder.jobs.draw("gone/1#1", "bulk", 1, -1)
    folder.jobs.draw("gone/1#2", "bulk", 1, 600)
    folder.damage(
        update(tables.items).where(tables.items.c.id == ids[2]).values(state="running", lease_owner=None, attempts=1)
    )
    assert folder.found() == ["2 items at work with no worker"], "one may be at work still"
    assert folder.found(idle=False) == ["1 item at work with no worker"], "a worker gives the other one back"
    folder.mend()
    assert (folder.counts(job)["queued"], folder.counts(job)["running"]) == (2, 1)


def test_a_lease_of_an_item_that_is_not_at_work_is_ended(folder: Folder) -> None:
    _, ids = folder.job(1, 1)
    folder.damage(update(tables.items).where(tables.items.c.id == ids[0]).values(lease_owner="gone/1#1"))
    assert folder.jobs.owners() == {"gone/1#1"}
    assert folder.mend() == ["1 lease ended"]
    assert folder.jobs.owners() == set()


def test_items_and_frames_of_a_job_that_is_gone_are_removed(folder: Folder) -> None:
    lost, _ = folder.job(3, 1)
    kept, _ = folder.job(2, 1)
    folder.damage(delete(tables.jobs).where(tables.jobs.c.id == lost))
    assert folder.found()[:2] == ["3 items of jobs that are gone", "2 frames of jobs that are gone"]
    folder.mend()
    assert folder.counts(kept)["total"] == 2


def test_gaps_in_the_frames_are_filled_with_what_is_known(folder: Folder) -> None:
    job, ids = folder.job(3, 3)
    before = folder.frames(job)
    types = ["start", "item", "progress", "item", "item", "end"]
    assert [frame["type"] for frame in before] == types
    folder.damage(delete(tables.events).where(tables.events.c.job_id == job))
    assert job in folder.found()[0]
    assert folder.mend() == ["3 frames of 1 job written anew"]
    after = folder.frames(job)
    assert [frame["type"] for frame in after] == types
    assert [frame["item_id"] for frame in after if frame["type"] == "item"] == ids
    for place in (0, 1, 3, 4, 5):
        assert after[place] == before[place], "it tells the same"
    assert after[2]["counts"] == after[5]["counts"], "how it stood then is not known any more"


def test_frames_after_the_last_number_count_so_that_none_is_given_twice(folder: Folder) -> None:
    job, ids = folder.job(3, 2)
    folder.damage(update(tables.jobs).where(tables.jobs.c.id == job).values(seq=1))
    folder.mend()
    assert folder.jobs.finish(ids[2], FAILED)
    told = [frame["item_id"] for frame in folder.frames(job) if frame["type"] == "item"]
    assert told == ids


def test_items_whose_upload_is_gone_fail_and_say_so_and_the_others_go_on(folder: Folder) -> None:
    job, ids = folder.job(3, 1)
    for key in (f"{0:064}", f"{1:064}"):  # of the first nobody needs it any more
        folder.spool.delete(key)
    assert folder.found() == ["1 unfinished item whose upload is gone"]
    folder.mend()
    counts = folder.counts(job)
    assert (counts["done"], counts["failed"], counts["queued"]) == (1, 1, 1)
    [failed] = views.finished(folder.store, job, 0, 10, "failed")
    assert (failed["item_id"], failed["error"]["code"]) == (ids[1], "blob_missing")
    assert "Send the picture again" in failed["error"]["message"]


def test_a_document_whose_upload_is_gone_before_it_was_listed_fails(folder: Folder) -> None:
    job = folder.jobs.create("document", ["document"], listing=True, options={"blob": "a" * 64, "kind": "pdf"})
    assert folder.found() == ["1 unfinished item whose upload is gone"]
    folder.mend()
    assert (folder.state(job), views.job(folder.store, job)["error"]["code"]) == ("failed", "blob_missing")


def test_items_whose_results_are_gone_are_looked_at_again_and_their_frames_tell_what_they_told(folder: Folder) -> None:
    job, ids = folder.job(3, 3)
    with folder.store.read() as connection:
        kept = connection.execute(tables.items.select().where(tables.items.c.id == ids[1])).one()
    folder.damage(delete(tables.results).where(tables.results.c.id == kept.results["ocr"]))
    assert folder.found() == ["1 finished item whose results are gone"]
    folder.mend()
    assert (folder.state(job), folder.counts(job)["queued"], folder.counts(job)["done"]) == ("queued", 1, 2)
    told = [(frame["item_id"], frame["status"]) for frame in folder.frames(job) if frame["type"] == "item"]
    assert told == [(each, "done") for each in ids]
    lease = folder.jobs.draw("w/1#1", "bulk", 9, 60)
    assert lease is not None
    assert [item.id for item in lease.items] == [ids[1]]
    found = Finding("ocr", "m", "r", 1, 1, {"lines": [{"text": "again"}]})
    assert folder.jobs.finish(ids[1], Outcome(sha256=kept.sha256, width=1, height=1, found=(found,)))
    assert folder.state(job) == "completed"
    assert folder.found() == []


def test_an_item_of_a_cancelled_job_whose_result_is_gone_fails_and_can_be_tried_again(folder: Folder) -> None:
    job, _ = folder.job(2, 1)
    folder.jobs.cancel(job)
    folder.damage(delete(tables.results))
    folder.mend()
    counts = folder.counts(job)
    assert (folder.state(job), counts["failed"], counts["cancelled"]) == ("cancelled", 1, 1)
    folder.jobs.retry(job)
    assert folder.counts(job)["queued"] == 1


def test_uploads_that_nobody_needs_are_removed_when_their_time_is_over(folder: Folder) -> None:
    folder.job(2, 1)
    fresh, old = (folder.spool.put(name, name.hex().ljust(64, "0")) for name in (b"fresh", b"old"))
    for key in (old, f"{1:064}"):
        os.utime(folder.spool.path(key), (1, 1))
    assert folder.found() == ["1 upload that nobody needs"]
    folder.mend()
    assert folder.spool.there([fresh, old, f"{0:064}", f"{1:064}"]) == {fresh, f"{0:064}", f"{1:064}"}


def test_much_that_is_wrong_at_once_is_mended_at_once(folder: Folder) -> None:
    fill(folder)
    whole, ids = folder.job(5, 5)
    folder.damage(
        update(tables.jobs).values(done=3),
        delete(tables.events).where(tables.events.c.seq == 1),
        delete(tables.results).where(tables.results.c.id == 1),
        delete(tables.items).where(tables.items.c.id == ids[2]),
    )
    folder.spool.delete(f"{2:064}")
    folder.mend()
    for job in views.list_jobs(folder.store, 100)[0]:
        folder.counts(job["task_id"])
        folder.frames(job["task_id"])
    assert folder.counts(whole)["total"] == 4


def _overwrite(path: Path, place: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(data)


def test_a_database_that_is_no_database_is_said_and_nothing_else_is_asked(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.close()
    _overwrite(folder.database, 0, b"x" * 4096)
    before = folder.database.read_bytes()
    [said] = consistency.findings(folder.home)
    assert said.state == "fail"
    assert "not a database" in said.found
    assert "backup" in said.step
    assert not consistency.repair(folder.home)
    assert folder.database.read_bytes() == before
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["found", "left", "1 fault is left."]


def test_an_index_that_lost_a_row_is_made_anew(folder: Folder) -> None:
    job, _ = folder.job(3, 1)
    folder.close()
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as raw:
        # The schema says for a moment that the index is of no row, so that one is written without it.
        raw.execute("PRAGMA writable_schema=ON")
        name = "ix_items_sha256"
        [(sql,)] = raw.execute("SELECT sql FROM sqlite_master WHERE name=?", (name,)).fetchall()
        all_rows = sql.partition(" WHERE ")[0]
        raw.execute("UPDATE sqlite_master SET sql=? WHERE name=?", (f"{all_rows} WHERE id < 0", name))
    with closing(sqlite3.connect(folder.database, isolation_level=None)) as raw:
        raw.execute("UPDATE items SET sha256='f'||substr(sha256, 2)")
        raw.execute("PRAGMA writable_schema=ON")
        raw.execute("UPDATE sqlite_master SET sql=? WHERE name=?", (sql, name))
    [said] = folder.found()
    assert name in said
    assert folder.mend() == ["indexes were made anew"]
    assert folder.counts(job)["total"] == 3


def test_a_store_of_another_version_is_left_to_the_one_that_can_change_it(folder: Folder) -> None:
    url = f"sqlite:///{folder.database}"
    folder.close()
    change(url, "base")
    [fault] = faults(folder.kept())
    assert (fault.mend, fault.step) == (None, "darkroom up brings it up to date.")
    migrate(url)
    folder.damage(text("UPDATE alembic_version SET version_num='9999'"))
    [fault] = faults(folder.kept())
    assert "newer" in fault.step


def _make_broker_log(home: Path, damage: Callable[[bytes], bytes]) -> None:
    logs = home / "valkey" / "appendonlydir"
    logs.mkdir(parents=True)
    name = "appendonly.aof.1.incr.aof"
    (logs / "appendonly.aof.manifest").write_text(f"file {name} seq 1 type i\n")
    (logs / name).write_bytes(damage(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n" * 100))


@pytest.mark.parametrize("damage", [lambda log: log[:-5], lambda log: log[:500] + b"junk" + log[500:]])
def test_a_broker_log_that_cannot_be_read_is_put_aside(
    folder: Folder, capsys: pytest.CaptureFixture[str], damage: Callable[[bytes], bytes]
) -> None:
    _make_broker_log(folder.home, damage)
    folder.close()
    [said] = consistency.findings(folder.home)
    assert "broker's log" in said.found
    assert consistency.repair(folder.home)
    assert "it starts empty" in capsys.readouterr().out
    assert [path.name[:18] for path in folder.home.glob("valkey*")] == ["valkey.unreadable-"]


def test_a_broker_log_that_can_be_read_is_no_fault(folder: Folder) -> None:
    _make_broker_log(folder.home, lambda log: log)
    folder.close()
    assert [said.state for said in consistency.findings(folder.home)] == ["ok"]


def test_results_that_nobody_shows_are_no_fault(folder: Folder) -> None:
    results.keep(folder.store, "a" * 64, Finding("ocr", "m", "r", 1, 1, {}))
    assert folder.found() == []
