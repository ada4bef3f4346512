"""Every place for uploads does the same: a folder, Redis, S3 (moto's server), and fsspec's memory."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from sqlalchemy import select

from tasks import bulk, upkeep
from tasks.blobs import Blobs, open_blobs
from tasks.broker import connect
from tasks.errors import BlobMissing, BlobsDown, SpoolFull
from tasks.jobs import NewItem
from tasks.store.models import items
from tasks.worker import Worker
from tests.services import s3

DATA = bytes(range(256)) * 40
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """A bucket of moto's server."""
    pytest.importorskip("s3fs", reason="no s3fs: pip install 'darkroom[s3]'")
    pytest.importorskip("moto", reason="no moto: make setup-dev")
    with s3.running() as url:
        yield url


@pytest.fixture(params=["file", "redis", "s3", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """An empty place of each kind."""
    match request.param:
        case "file":
            url = f"file://{tmp_path}/spool"
        case "redis":
            valkey: redis.Redis = request.getfixturevalue("valkey")
            assert valkey.dbsize() == 0
            url = request.getfixturevalue("valkey_url")
        case "s3":
            parts = urlsplit(request.getfixturevalue("s3_url"))
            url = parts._replace(path=f"/{tmp_path.name}").geturl()
        case _:
            url = f"memory://{tmp_path.name}"
    return open_blobs(url, tmp_path / "copies")


def test_what_is_put_is_got_until_it_is_deleted(blobs: Blobs) -> None:
    key = blobs.put(DATA, DIGEST)
    assert key == blobs.put(DATA, DIGEST), "the same content is one blob"
    own = blobs.put(DATA, DIGEST, owner="request1")
    assert own != key
    assert blobs.path(own).read_bytes() == DATA
    blobs.delete(own)
    blobs.delete(own)
    with pytest.raises(BlobMissing):
        blobs.get(own)
    with pytest.raises(BlobMissing):
        blobs.get("../../etc/passwd")
    assert blobs.get(key) == DATA


def test_a_blob_that_is_taken_is_read_and_gone(blobs: Blobs) -> None:
    key = blobs.put(DATA, DIGEST, owner="artifact")
    with blobs.take(key) as stream:
        assert stream.read() == DATA
    for look in (blobs.get, blobs.take):
        with pytest.raises(BlobMissing):
            look(key)


def test_what_a_program_wrote_into_the_file_of_a_key_is_the_blob(blobs: Blobs) -> None:
    key = blobs.put(b"", DIGEST, owner="artifact")
    blobs.path(key).write_bytes(DATA)
    blobs.keep(key)
    assert blobs.get(key) == DATA


def test_a_secret_comes_back_letter_for_letter(blobs: Blobs) -> None:
    key = blobs.put_secret("p\u00e4ss\udc80")
    assert blobs.get_secret(key) == "p\u00e4ss\udc80"


def test_which_blobs_are_there_is_known_without_reading_them(blobs: Blobs) -> None:
    key = blobs.put(DATA, DIGEST)
    assert blobs.there([key, "b" * 64]) == {key}
    assert blobs.there([]) == set()


def test_a_sweep_removes_what_is_old_and_not_needed(blobs: Blobs) -> None:
    keep, drop = (blobs.put(data, hashlib.sha256(data).hexdigest()) for data in (b"keep", b"drop"))
    assert blobs.sweep(60, lambda keys: set()) == 0, "they were put a moment ago"
    asked: list[str] = []

    def needed(keys: list[str]) -> set[str]:
        asked.extend(keys)
        return {keep}

    assert blobs.sweep(-2, needed) == 1
    assert sorted(asked) == sorted([keep, drop])
    assert blobs.get(keep) == b"keep"
    with pytest.raises(BlobMissing):
        blobs.get(drop)


def test_local_copies_stay_within_their_bound_and_the_least_recently_used_go_first(
    tmp_path: Path, valkey: redis.Redis, valkey_url: str
) -> None:
    blobs = open_blobs(valkey_url, tmp_path / "copies", most_copied=2500)
    for owner in ("a", "b", "c"):
        blobs.put(b"x" * 1000, DIGEST, owner=owner)
    for at, owner in enumerate(("a", "b")):
        os.utime(blobs.path(f"{DIGEST}-{owner}"), (at, at))
    for owner in ("a", "c"):
        blobs.path(f"{DIGEST}-{owner}")
    assert {path.name for path in (tmp_path / "copies").iterdir()} == {f"{DIGEST}-a", f"{DIGEST}-c"}


def test_local_copies_that_nobody_asks_for_go_with_the_sweep(
    tmp_path: Path, valkey: redis.Redis, valkey_url: str
) -> None:
    blobs = open_blobs(valkey_url, tmp_path / "copies")
    for owner in ("a", "b"):
        blobs.put(b"x", DIGEST, owner=owner)
    os.utime(blobs.path(f"{DIGEST}-a"), (1, 1))
    assert blobs.path(f"{DIGEST}-b").exists()
    blobs.sweep(3600, lambda keys: set(keys))
    assert [path.name for path in (tmp_path / "copies").iterdir()] == [f"{DIGEST}-b"]
    assert blobs.get(f"{DIGEST}-a") == b"x", "only the copy is gone"


def test_a_redis_that_is_full_refuses_and_one_that_is_away_says_so(
    tmp_path: Path, valkey: redis.Redis, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = open_blobs(valkey_url, tmp_path / "copies")
    before = valkey.config_get("maxmemory")
    valkey.config_set("maxmemory", "1")
    try:
        with pytest.raises(SpoolFull, match="Redis"):
            blobs.put(DATA, DIGEST)
    finally:
        valkey.config_set("maxmemory", before["maxmemory"])
    monkeypatch.setattr("tasks.blobs.redis_keys.RETRIES", 1)
    with pytest.raises(BlobsDown):
        open_blobs(f"unix://{tmp_path}/none", tmp_path / "copies").get(DIGEST)


def test_a_blob_in_redis_expires_where_nobody_sweeps(tmp_path: Path, valkey: redis.Redis, valkey_url: str) -> None:
    open_blobs(valkey_url, tmp_path).put(DATA, DIGEST)
    (key,) = valkey.keys()
    with contextlib.closing(connect(valkey_url)) as client:
        assert 0 < client.ttl(key) <= 7 * 86400


@pytest.mark.parametrize("url", ["gopher://x/y", "s3://", "memory://", "file://", "folder"])
def test_a_place_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="BLOB_URL"):
        open_blobs(url, tmp_path)


def test_a_photo_whose_upload_cannot_be_had_now_is_given_back_and_counts_no_start(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.sha256(DATA).hexdigest()
    job_id = worker.jobs.create("photos", ["probe"], new_items=[NewItem("a.png", blob=worker.spool.put(DATA, digest))])
    looks: list[str] = []

    def away(key: str) -> bytes:
        looks.append(key)
        worker.stopping.set()  # else it would draw it again at once
        raise BlobsDown(*BlobsDown.SAYS)

    monkeypatch.setattr(worker.spool, "get", away)
    bulk.take_turn(worker, "bulk")
    with worker.store.read() as connection:
        row = connection.execute(select(items).where(items.c.job_id == job_id)).one()
    assert looks
    assert (row.state, row.attempts, row.lease_owner) == ("queued", 0, None)


def test_upkeep_goes_on_while_the_place_for_uploads_is_away(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> int:
        worker.stopping.set()
        raise BlobsDown(*BlobsDown.SAYS)

    monkeypatch.setattr(worker.spool, "sweep", away)
    upkeep.keep_house(worker)
    assert "upkeep waits: The place for uploads does not answer." in caplog.text
