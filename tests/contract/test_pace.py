"""What workers finish is counted by queue, whichever process did it."""

from typing import Any

import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


def done(service: Service) -> dict[str, Any]:
    return {row["queue"]: row["done_total"] for row in service.http.get("/api/queues").json()["items"]}


def test_photos_requests_and_lists_are_counted_by_their_queues(service: Service) -> None:
    before = done(service)
    for n in range(3):
        service.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture(seed=800 + n))})
    folder = service.library / "counted"
    folder.mkdir()
    for n in range(5):
        (folder / f"{n}.png").write_bytes(picture(seed=810 + n))
    job = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["finished_at"], 30, "the job's end")

    def counted() -> bool:
        more = {queue: count - before[queue] for queue, count in done(service).items()}
        listed = more["bulk.list"] >= 1  # upkeep may have begun it again, on a busy machine
        return listed and (more["interactive.photo"], more["bulk.jobs"]) == (3, 5)

    until(counted, 10, "the right counts")


def test_the_last_hour_is_told_in_steps(service: Service) -> None:
    def told() -> Any:
        return service.http.get("/api/history").json()["points"]

    point = until(told, 30, "a first point")[-1]
    assert service.http.get("/api/history").json()["step_s"] == 10
    assert set(point) == {"at", "depth", "waiting_s", "per_s", "latency_s"}
