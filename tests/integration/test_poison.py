"""A photo that takes its worker down is tried three times, and does not take the others with it."""

import io

import psutil
import pytest
from PIL import Image

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


def long_to_decode() -> bytes:
    """A picture on which a worker is busy for about a second."""
    out = io.BytesIO()
    Image.new("RGB", (9900, 9900), (255, 250, 240)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def attempts(service: Service, state: str) -> int:
    """Starts of the poison photo while it is in a state, else 0."""
    held = f"name = 'poison.png' AND state = '{state}' AND lease_owner IS NOT NULL"
    rows = service.ask(f"SELECT attempts FROM items WHERE {held}")
    return int(rows[0][0]) if rows else 0


def test_a_photo_whose_worker_is_killed_three_times_fails_and_the_next_is_served(own_service: Service) -> None:
    service = own_service
    bulk = "worker --device cpu --queues bulk"
    files = [("files", ("poison.png", long_to_decode()))]
    job = service.http.post("/api/jobs", files=files, data={"tasks": "probe"}).json()["task_id"]
    for attempt in (1, 2, 3):
        until(lambda n=attempt: attempts(service, "running") == n, 40, f"attempt {attempt}")  # type: ignore[misc]
        victim = service.part(bulk)
        victim.kill()
        psutil.wait_procs([victim], timeout=10)
    found = until(lambda: service.http.get(f"/api/jobs/{job}/results").text.strip(), 40, "the end of the poison photo")
    assert '"worker_died"' in found
    assert service.http.get(f"/api/jobs/{job}").json()["state"] == "completed"
    body = service.http.get(f"/result/{job}").json()
    assert body["status"] == "failed"
    files = [("files", ("good.png", picture()))]
    job = service.http.post("/api/jobs", files=files, data={"tasks": "probe"}).json()["task_id"]
    until(lambda: service.http.get(f"/result/{job}").json()["status"] == "completed", 40, "the next job")
