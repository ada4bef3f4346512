"""A service is lost with its data, and its backup, made in the middle of a job, ends the job elsewhere."""

import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from tasks import backup
from tasks.settings import TaskSettings
from tests.conftest import Service, picture, until
from tests.services.pair import WANTED

pytestmark = pytest.mark.e2e
PHOTOS = 60


def frames(service: Service, job: str, follow: bool) -> list[dict[str, Any]]:
    query = "" if follow else "?follow=false"
    with httpx.stream("GET", f"{service.url}/api/jobs/{job}/events{query}", timeout=120) as answer:
        return [json.loads(line) for line in answer.iter_lines() if line.strip()]


def done(service: Service, job: str) -> int:
    return int(service.http.get(f"/api/jobs/{job}").json()["counts"]["done"])


def test_a_job_that_was_half_done_ends_from_a_backup_with_every_photo_once(tmp_path: Path) -> None:
    if WANTED:
        pytest.skip("a server's database is copied by its own means")
    big = picture(2400, 1800)
    files = [("files", (f"{n:03}.png", big + n.to_bytes(4, "big"))) for n in range(PHOTOS)]
    library = tmp_path / "library"
    library.mkdir()
    service = Service(tmp_path / "home", library)
    try:
        job = service.http.post("/api/jobs", files=files, data={"tasks": "probe"}).json()["task_id"]
        until(lambda: done(service, job) >= 3, 60, "some work")
        seen = frames(service, job, follow=False)
        # In this process: before a new one has begun, a quick machine has ended the job.
        copied = backup.make(TaskSettings(darkroom_home=service.home), tmp_path / "copy")
        assert 0 < copied.uploads < PHOTOS, "some are done, and some are not"
    finally:
        everything = service.process.children(recursive=True)
        service.child.kill()
        service.child.wait()
        service.http.close()
        until(lambda: not any(part.is_running() and part.status() != "zombie" for part in everything), 20, "its end")
    shutil.rmtree(tmp_path / "home")
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "copy", elsewhere)
    restored = Service(elsewhere, library)
    try:
        followed = frames(restored, job, follow=True)
        assert [frame["seq"] for frame in followed] == list(range(1, len(followed) + 1))
        names = [frame["name"] for frame in followed if frame["type"] == "item"]
        assert sorted(names) == [f"{n:03}.png" for n in range(PHOTOS)], "every photo, and once"
        assert followed[: len(seen)] == seen, "what was told before the backup is told again"
        counts = restored.http.get(f"/api/jobs/{job}").json()["counts"]
        assert (counts["done"], counts["failed"], counts["total"]) == (PHOTOS, 0, PHOTOS)
    finally:
        restored.stop()
