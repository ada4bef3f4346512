"""A database that is locked is waited for; a disk that is full refuses what it cannot keep and loses nothing."""

import sqlite3
import threading
from pathlib import Path

import httpx
import pytest

from tests.chaos.rig import Asker, Follower, expect_nothing_held, expect_whole, fill, submit
from tests.chaos.servers import small_disk
from tests.conftest import Service, picture, until
from tests.integration.conftest import Start
from tests.services import pair

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(pair.WANTED, reason="it is about SQLite and a spool folder")]
PHOTOS = 120
LOCKED_S = 10


def refused_job(service: Service) -> httpx.Response | None:
    """The answer to a job of which the database wants to keep a lot, if it is no acceptance."""
    body = {"library": str(service.library / "job"), "tasks": ["probe"], "include": ["x" * 1000] * 60}
    answer = service.http.post("/api/jobs", json=body)
    return None if answer.status_code == 202 else answer


def fill_up(file: Path) -> None:
    with file.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(1 << 12))


def test_a_locked_database_is_waited_for(start: Start) -> None:
    service = start()
    names = fill(service.library / "job", PHOTOS)
    follower = Follower(service.url, submit(service, service.library / "job"))
    asker = Asker(service.url)
    follower.start()
    until(lambda: follower.items >= 20, 60, "some work")
    holder = sqlite3.connect(service.home / "darkroom.db", timeout=30, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    asker.start()
    assert not follower.ended.wait(LOCKED_S), "nothing can be written"
    assert service.http.get("/readyz").status_code == 200, "and all can be read"
    threading.Timer(1, holder.rollback).run()
    kept = service.http.post("/api/jobs", files={"files": ("a.png", picture())}, data={"tasks": "probe"})
    assert kept.status_code == 202
    assert follower.ended.wait(120), service.log[-30:]
    holder.close()
    asker.stop()
    expect_whole(follower, names)
    until(lambda: service.http.get(f"/api/jobs/{kept.json()['task_id']}").json()["state"] == "completed", 30, "the job")
    expect_nothing_held(service)
    assert set(asker.answers) == {200}
    assert not asker.wrong


def test_a_full_spool_refuses_uploads_with_a_status_of_its_own_and_serves_again_with_room(
    start: Start, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", 80) as disk:
        service = start(BLOB_URL=f"file://{disk}")
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(40 << 20))
        for route, name in (("/api/photos?tasks=probe", "file"), ("/api/jobs?tasks=probe", "files")):
            answer = service.http.post(route, files={name: ("a.png", picture())})
            assert (answer.status_code, answer.json()["error"]["code"]) == (507, "spool_full")
        mt_photos = service.http.post(
            "/ocr", files={"file": ("a.png", picture())}, headers={"api-key": "mt_photos_ai_extra"}
        )
        assert (mt_photos.status_code, mt_photos.json()["result"]) == (200, [])
        names = fill(service.library / "job", 20)
        follower = Follower(service.url, submit(service, service.library / "job"))
        follower.start()
        assert follower.ended.wait(60), "a rescan of files needs no spool"
        expect_whole(follower, names)
        ballast.unlink()
        assert service.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())}).status_code == 200
        service.stop()


def test_a_full_disk_of_the_database_stops_the_work_and_more_room_lets_it_go_on(start: Start, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 24) as disk:
        service = start(DATABASE_URL=f"sqlite:///{disk / 'darkroom.db'}", BLOB_URL=f"file://{tmp_path / 'spool'}")
        names = fill(service.library / "job", PHOTOS)
        follower = Follower(service.url, submit(service, service.library / "job"))
        follower.start()
        until(lambda: follower.items >= 20, 60, "some work")
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            fill_up(ballast)
        answer = until(lambda: refused_job(service), 60, "a refusal")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_down")
        assert not follower.ended.is_set()
        ballast.unlink()
        assert follower.ended.wait(150), service.log[-30:]
        expect_whole(follower, names)
        service.stop()
