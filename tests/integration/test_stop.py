"""Stopping in the middle of the work loses nothing; a data folder serves one at a time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e
PHOTOS = 250


def test_a_job_goes_on_where_the_service_was_stopped(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    big = picture(3000, 2500)
    for number in range(PHOTOS):
        (library / f"{number:03}.png").write_bytes(big + bytes([number]))
    service = Service(tmp_path / "home", library)
    job = service.http.post("/api/jobs", json={"library": str(library), "tasks": ["probe"]}).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["counts"]["done"] >= 3, 30, "some work")
    service.stop()  # fails if it takes 10 s, or leaves a process
    states = {state for (state,) in service.ask("SELECT DISTINCT state FROM items")}
    assert states == {"done", "queued"}, "in its middle, and nothing is held by a worker that is gone"
    service = Service(tmp_path / "home", library)
    try:
        with service.http.stream("GET", f"/api/jobs/{job}/events") as answer:
            frames = [json.loads(line) for line in answer.iter_lines() if line]
        assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
        names = sorted(frame["name"] for frame in frames if frame["type"] == "item")
        assert names == [f"{number:03}.png" for number in range(PHOTOS)]
        assert frames[-1]["counts"]["done"] == PHOTOS
    finally:
        service.stop()


def test_a_data_folder_in_use_is_refused_and_its_holder_serves_on(service: Service) -> None:
    script = str(Path(sys.executable).parent / "darkroom")
    command = [script, "up", "--port", "0", "--data", str(service.home)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 1
    assert "already in use" in refused.stderr
    assert str(service.child.pid) in refused.stderr
    assert service.http.get("/readyz").status_code == 200
