"""A backup has all that a service needs to go on, and appears when it is whole."""

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.errors import CommandError
from cli.main import app
from tasks import backup, views
from tasks.blobs import Spool
from tasks.consistency import Kept, faults
from tasks.jobs import Jobs, NewItem, Outcome
from tasks.settings import TaskSettings
from tasks.store.session import Store, migrate

DONE = Outcome(results={}, sha256="a" * 64, width=1, height=1)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "DATABASE_URL", "BLOB_URL", "DARKROOM_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> TaskSettings:
    """Of a data folder with a job of two uploads, one of which is done, and a document with its password."""
    made = TaskSettings(darkroom_home=tmp_path / "home")
    migrate(made.database)
    (made.home / "secret.key").write_text("key")
    spool = Spool(made.blobs)
    store = Store(made.database)
    jobs = Jobs(store)
    jobs.create(
        "photos", ["probe"], new_items=[NewItem(name, blob=spool.put(name.encode(), name * 64)) for name in "ab"]
    )
    lease = jobs.draw("w/1#1", "bulk", 1, 600)
    assert lease is not None
    jobs.finish(lease.items[0].id, DONE)
    options = {"blob": spool.put(b"%PDF-", "d" * 64), "secret": spool.put_secret("word"), "kind": "pdf"}
    jobs.create("document", ["document"], listing=True, options=options)
    store.close()
    return made


def test_a_backup_is_a_data_folder_with_the_uploads_that_are_needed(settings: TaskSettings, tmp_path: Path) -> None:
    copied = backup.make(settings, tmp_path / "copy")
    assert (copied.uploads, copied.elsewhere) == (3, False), "one is done, and nobody needs it"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "home"], "no part is left over"
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "copy" / "secret.key").read_text() == "key"
    restored = TaskSettings(darkroom_home=tmp_path / "copy")
    store, spool = Store(restored.database), Spool(restored.blobs)
    try:
        assert list(faults(Kept(store, spool, 3600, idle=True))) == []
        document, photos = views.list_jobs(store, 10)[0]
        assert (photos["counts"]["done"], photos["counts"]["queued"]) == (1, 1)
        assert spool.get_secret(views.options(store, document["task_id"])["secret"]) == "word"
    finally:
        store.close()


def test_a_backup_waits_for_nobody_who_writes_and_has_what_was_written_before(
    settings: TaskSettings, tmp_path: Path
) -> None:
    writer = sqlite3.connect(settings.home / "darkroom.db", isolation_level=None, timeout=0)
    try:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE jobs SET custom_id='not yet'")
        backup.make(settings, tmp_path / "copy")
        writer.execute("COMMIT")
        backup.make(settings, tmp_path / "later")
    finally:
        writer.close()
    for name, said in (("copy", None), ("later", "not yet")):
        read = sqlite3.connect(tmp_path / name / "darkroom.db")
        assert read.execute("SELECT DISTINCT custom_id FROM jobs").fetchall() == [(said,)]
        read.close()


def test_an_upload_that_came_while_the_database_was_copied_is_in_it(
    settings: TaskSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_database = backup._copy_database

    def copy(url: str, to: Path) -> None:
        store = Store(url)
        blob = Spool(settings.blobs).put(b"new", "e" * 64)
        Jobs(store).create("photos", ["probe"], new_items=[NewItem("new", blob=blob)])
        store.close()
        copy_database(url, to)

    monkeypatch.setattr(backup, "_copy_database", copy)
    backup.make(settings, tmp_path / "copy")
    assert Spool(f"file://{tmp_path}/copy/spool").get("e" * 64) == b"new"


def test_a_backup_that_breaks_off_is_not_taken_for_one_and_the_next_one_is_whole(
    settings: TaskSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(url: str, to: Path) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(backup, "_copy_database", full)
        with pytest.raises(sqlite3.OperationalError):
            backup.make(settings, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert backup.make(settings, tmp_path / "copy").uploads == 3
    assert not (tmp_path / "copy.part").exists()


def test_the_command_says_how_to_restore_and_overwrites_nothing(settings: TaskSettings, tmp_path: Path) -> None:
    command = ["backup", str(tmp_path / "copy"), "--data", str(settings.home)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "3 uploads" in done.stdout
    assert f"cp -a {tmp_path}/copy FOLDER, then darkroom up --data FOLDER" in done.stdout
    refused = CliRunner().invoke(app, command)
    assert isinstance(refused.exception, CommandError)
    assert "is there already" in str(refused.exception)


def test_a_database_of_a_server_is_copied_by_its_own_means(tmp_path: Path) -> None:
    settings = TaskSettings(darkroom_home=tmp_path, database_url="postgresql://nas/darkroom")
    with pytest.raises(backup.NotOurs, match="pg_dump"):
        backup.make(settings, tmp_path / "copy")


def test_a_folder_without_a_database_is_not_backed_up(tmp_path: Path) -> None:
    refused = CliRunner().invoke(app, ["backup", str(tmp_path / "copy"), "--data", str(tmp_path / "none")])
    assert isinstance(refused.exception, CommandError)
    assert "could not be made" in str(refused.exception)
    assert not (tmp_path / "copy").exists()
    assert not (tmp_path / "none").exists()
