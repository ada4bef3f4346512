"""Schedules over HTTP, and the rescans that they start."""

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tasks.settings import TaskSettings
from tasks.store.models import schedules
from tasks.store.session import Store
from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def folder(service: Service) -> Path:
    place = service.library / f"schedules-{time.time_ns()}"
    place.mkdir()
    (place / "a.png").write_bytes(picture(seed=900))
    return place


def post(service: Service, folder: Path, **fields: Any) -> Any:
    wanted = {"cron": "* * * * *", "library": str(folder), "tasks": ["probe"], **fields}
    return service.http.post("/api/schedules", json=wanted)


def listed(service: Service, schedule_id: str) -> Any:
    every = service.http.get("/api/schedules").json()["items"]
    return next((each for each in every if each["id"] == schedule_id), None)


def fall_due(service: Service, schedule_id: str) -> None:
    url = service.env.get("DATABASE_URL") or TaskSettings(darkroom_home=service.home, database_url="").database
    store = Store(url)
    try:
        with store.write() as connection:
            connection.execute(update(schedules).where(schedules.c.id == schedule_id).values(next_at=time.time() - 1))
    finally:
        store.close()


def test_a_schedule_that_is_due_rescans_its_folder_to_the_end(service: Service, folder: Path) -> None:
    answer = post(service, folder, cron="30 2 * * *", time_zone="Asia/Tokyo", custom_id="nightly", exclude=["b*"])
    assert answer.status_code == 201, answer.text
    kept = answer.json()
    assert (kept["time_zone"], kept["exclude"], kept["enabled"]) == ("Asia/Tokyo", ["b*"], True)
    assert kept["next_at"].endswith("T17:30:00.000+00:00")
    assert listed(service, kept["id"]) == kept
    fall_due(service, kept["id"])
    job_id = until(lambda: listed(service, kept["id"])["last_job_id"], 30, "its run")

    def ended() -> Any:
        body = service.http.get(f"/api/jobs/{job_id}").json()
        return body if body["finished_at"] else None

    job = until(ended, 60, "the job's end")
    assert (job["kind"], job["state"], job["counts"]["done"]) == ("library", "completed", 1)
    assert listed(service, kept["id"])["next_at"] == kept["next_at"]
    assert service.http.post(f"/api/schedules/{kept['id']}/pause").json()["enabled"] is False
    assert service.http.post(f"/api/schedules/{kept['id']}/resume").json()["enabled"] is True
    assert service.http.delete(f"/api/schedules/{kept['id']}").json()["last_job_id"] == job_id
    assert listed(service, kept["id"]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"cron": "nightly"},
        {"cron": "* " * 60},
        {"cron": None},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": ""},
        {"tasks": ["nonsense"]},
        {"tasks": []},
        {"library": "/etc"},
        {"dry_run": True},
        {"include": [""]},
    ],
    ids=str,
)
def test_a_schedule_that_could_never_run_is_refused_in_our_form(
    service: Service, folder: Path, wrong: dict[str, Any]
) -> None:
    before = service.http.get("/api/schedules").json()
    answer = post(service, folder, **wrong)
    assert answer.status_code == (403 if "library" in wrong else 400), answer.text
    assert answer.json()["error"]["message"]
    assert service.http.get("/api/schedules").json() == before


def test_a_schedule_that_is_not_there_is_404(service: Service) -> None:
    answers = (service.http.delete("/api/schedules/none"), service.http.post("/api/schedules/none/pause"))
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["error"]["code"] == "schedule_not_found"
