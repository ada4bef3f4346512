"""Whatever is killed when, every photo of a job is finished, and once."""

import httpx
import pytest

from tests.chaos.rig import Follower
from tests.conftest import Service, picture, until
from tests.services.pair import WANTED

pytestmark = pytest.mark.e2e
PHOTOS = 200


def submit(service: Service, count: int) -> str:
    folder = service.library / "job"
    folder.mkdir()
    first = picture(2400, 1800, form="PNG")
    for number in range(count):
        (folder / f"{number:03}.png").write_bytes(first + number.to_bytes(4, "big"))
    answer = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]})
    assert answer.status_code == 202, answer.text
    task_id: str = answer.json()["task_id"]
    return task_id


def done(service: Service, job: str) -> int:
    try:
        counts = service.http.get(f"/api/jobs/{job}").json()["counts"]
        return int(counts["done"] + counts["failed"])
    except (httpx.HTTPError, KeyError):
        return 0


def test_a_job_survives_kills_of_worker_api_and_broker(own_service: Service) -> None:
    service = own_service
    job = submit(service, PHOTOS)
    followers = [Follower(service.url, job) for _ in range(2)]
    for follower in followers:
        follower.start()
    reached = 5
    ours = () if WANTED else ("valkey-server",)
    for words in ("worker --device cpu --queues bulk", "darkroom api", *ours):
        until(lambda at=reached: done(service, job) >= at, 60, f"{reached} photos")  # type: ignore[misc]
        victim = service.part(words)
        victim.kill()
        until(lambda w=words, p=victim.pid: [x for x in service.parts(w) if x.pid != p], 30, f"a new {words}")  # type: ignore[misc]
        reached = done(service, job) + 15
    assert done(service, job) < PHOTOS, "the job was over before the last kill"
    for follower in followers:
        assert follower.ended.wait(120), service.log[-20:]
    counts = service.http.get(f"/api/jobs/{job}").json()["counts"]
    assert (counts["total"], counts["done"], counts["failed"]) == (PHOTOS, PHOTOS, 0)
    for follower in followers:
        assert [frame["seq"] for frame in follower.frames] == list(range(1, len(follower.frames) + 1))
        names = [frame["name"] for frame in follower.frames if frame["type"] == "item"]
        assert sorted(names) == [f"{number:03}.png" for number in range(PHOTOS)]
    assert followers[0].frames == followers[1].frames or len(followers[0].frames) == len(followers[1].frames)
    assert all(follower.breaks for follower in followers), "killing the API must have broken the streams"
