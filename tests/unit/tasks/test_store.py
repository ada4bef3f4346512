"""Migrations, blobs, results, folders and messages of dead workers."""

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis
from celery import Celery
from sqlalchemy import inspect

from tasks import library, queues, recovery, results
from tasks.app import make_app, unacked_keys
from tasks.blobs import Spool
from tasks.broker import ATTEMPTS, PREFIX, queue_key
from tasks.envelope import push
from tasks.errors import BlobMissing, PathMissing, PathNotAllowed, SpoolFull
from tasks.library.walk import Found, Walk
from tasks.results import Finding
from tasks.settings import TaskSettings
from tasks.store.session import Store, migrate
from tests.schema import differences, go_down

OCR = Finding("ocr", "m", "r1", 10, 20, {"lines": []})


def test_migrations_give_the_tables_that_the_code_has(store: Store) -> None:
    with store.read() as connection:
        assert differences(connection) == []


def test_migrating_again_changes_nothing(store: Store) -> None:
    migrate(str(store.engine.url))
    store.check()


def test_a_result_is_kept_once_and_found_by_its_model_and_revision(store: Store) -> None:
    first = results.keep(store, "a" * 64, OCR)
    assert results.keep(store, "a" * 64, OCR) == first
    assert results.lookup(store, "a" * 64, {"ocr": ("m", "r1", "")})["ocr"].body == {"lines": []}
    assert results.lookup(store, "a" * 64, {"ocr": ("m", "r2", "")}) == {}
    assert results.lookup(store, "a" * 64, {"ocr": ("m", "r1", '{"side":640}')}) == {}
    assert results.lookup(store, "b" * 64, {"ocr": ("m", "r1", "")}) == {}


def test_a_page_is_looked_up_without_reading_the_others(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 6):
        results.keep(store, "a" * 64, Finding("document", "m", "r1", 10, 20, {"page": number}, f'{{"page":{number}}}'))
    read = []
    monkeypatch.setattr(results, "Finding", lambda *row: read.append(row) or Finding(*row))
    assert results.lookup(store, "a" * 64, {"document": ("m", "r1", '{"page":4}')})["document"].body == {"page": 4}
    assert len(read) == 1


def test_blobs_come_back_and_expired_ones_go_unless_needed(tmp_path: Path) -> None:
    spool = Spool(f"file://{tmp_path}/spool")
    keep, drop = (spool.put(data, data.hex() * 16) for data in (b"keep", b"drop"))
    assert spool.get(keep) == b"keep"
    assert spool.sweep(60, lambda keys: set()) == 0
    assert spool.sweep(-1, lambda keys: {keep}) == 1
    assert spool.get(keep) == b"keep"
    with pytest.raises(BlobMissing):
        spool.get(drop)
    with pytest.raises(BlobMissing):
        spool.get("../../etc/passwd")


def test_a_path_is_allowed_only_inside_its_roots_links_resolved(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "in").mkdir(parents=True)
    outside.mkdir()
    (root / "link-out").symlink_to(outside)
    (root / "link-in").symlink_to(root / "in")
    roots = (root.resolve(),)
    assert library.allowed(root / "link-in", roots) == (root / "in").resolve()
    for path in (outside, root / "link-out", root / ".." / "outside", Path("relative"), tmp_path):
        with pytest.raises(PathNotAllowed):
            library.allowed(path, roots)
    with pytest.raises(PathMissing):
        library.allowed(root / "none", roots)


def test_a_folder_is_listed_by_patterns_without_hidden_files_and_links_that_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    (tmp_path / "secret.jpg").touch()
    for name in ("a.jpg", "b.PNG", ".hidden.jpg", "notes.txt", "deep/c.webp"):
        (root / name).touch()
    (root / "out.jpg").symlink_to(tmp_path / "secret.jpg")
    roots = (root.resolve(),)

    def found(**options: object) -> list[str]:
        return sorted(each.name for each in Walk(root, roots, dict(options)) if isinstance(each, Found))

    assert found() == ["a.jpg", "b.PNG", "deep/c.webp"]
    assert found(recursive=False) == ["a.jpg", "b.PNG"]
    assert found(include=["*.webp"]) == ["deep/c.webp"]
    assert found(exclude=["deep/*"]) == ["a.jpg", "b.PNG"]


@pytest.fixture
def app(valkey_url: str) -> Celery:
    return make_app(TaskSettings(redis_url=valkey_url), "test")


def test_what_a_dead_worker_had_taken_goes_back_to_its_queue(app: Celery, valkey: redis.Redis) -> None:
    push(valkey, queues.PHOTO, queues.PHOTO_QUEUE, {"id": uuid.uuid4().hex}, 10)
    with app.connection_for_read() as connection:
        channel = connection.channel()
        message = channel.basic_get(queues.PHOTO_QUEUE)
        assert message is not None
        assert message.payload[1]["id"]
        assert valkey.llen(queue_key(queues.PHOTO_QUEUE)) == 0
        unacked, _ = unacked_keys("test")
        assert valkey.hlen(PREFIX + unacked) == 1
        assert recovery.restore_messages(valkey, "test") == 1
        assert valkey.llen(queue_key(queues.PHOTO_QUEUE)) == 1
        assert valkey.hlen(PREFIX + unacked) == 0
        again = channel.basic_get(queues.PHOTO_QUEUE)
        assert (message.headers["attempts"], again.headers["attempts"]) == (1, 2)
        again.ack()
        assert valkey.hlen(PREFIX + unacked) == valkey.hlen(ATTEMPTS) == 0


def test_a_queue_takes_no_more_than_its_bound(valkey: redis.Redis) -> None:
    depths = [push(valkey, queues.PHOTO, queues.PHOTO_QUEUE, {"id": str(n)}, 2) for n in range(4)]
    assert depths == [None, None, 2, 2]


def test_queues_are_served_interactive_first() -> None:
    assert queues.expand("bulk,document,interactive") == queues.ALL_QUEUES
    assert queues.expand("bulk.list") == ("bulk.list",)
    with pytest.raises(ValueError, match="No queue"):
        queues.expand("nonsense")


def test_going_down_leaves_nothing_and_up_again_gives_everything(store: Store) -> None:
    go_down(store, "base")
    with store.read() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
    migrate(str(store.engine.url))
    with store.read() as connection:
        assert differences(connection) == []


def test_two_may_migrate_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [url] * 4))
    store = Store(url)
    store.check()
    store.close()


def test_the_same_upload_is_kept_once_and_lives_on(tmp_path: Path) -> None:
    spool = Spool(f"file://{tmp_path}/spool")
    key = spool.put(b"same", "a" * 64)
    os.utime(spool.path(key), (0, 0))
    assert spool.put(b"same", "a" * 64) == key
    assert spool.sweep(60, lambda keys: set()) == 0, "it was put again a moment ago"
    own = spool.put(b"same", "a" * 64, owner="request1")
    spool.delete(own)
    spool.delete(own)
    assert spool.get(key) == b"same"


def test_what_is_put_while_the_sweep_looks_stays(tmp_path: Path) -> None:
    spool = Spool(f"file://{tmp_path}/spool")
    key = spool.put(b"x", "a" * 64)
    os.utime(spool.path(key), (0, 0))

    def put_again(_keys: list[str]) -> set[str]:
        spool.put(b"x", "a" * 64)
        return set()

    assert spool.sweep(60, put_again) == 0
    assert spool.get(key) == b"x"


def test_a_full_disk_is_an_error_and_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(f"file://{tmp_path}/spool")
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(f_bavail=1, f_frsize=1000))
    with pytest.raises(SpoolFull, match="full"):
        spool.put(b"x", "a" * 64)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("url", ["/folder", "s3://bucket", "file://", ""])
def test_a_place_for_uploads_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="BLOB_URL"):
        Spool(url)


def test_explicit_urls_stand_in_place_of_those_in_the_home(tmp_path: Path) -> None:
    own = TaskSettings(darkroom_home=tmp_path)
    assert own.redis == f"unix://{tmp_path}/run/valkey.sock"
    assert own.database == f"sqlite:///{tmp_path}/darkroom.db"
    assert own.blobs == f"file://{tmp_path}/spool"
    other = TaskSettings(redis_url="redis://r/1", database_url="sqlite:////d.db", blob_url="file:///b")
    assert (other.redis, other.database, other.blobs) == ("redis://r/1", "sqlite:////d.db", "file:///b")


def test_roots_are_separated_like_path_and_links_resolved(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    roots = TaskSettings(library_roots=f"{tmp_path}/link:{tmp_path}/b").roots
    assert roots == (tmp_path / "a", tmp_path / "b")
