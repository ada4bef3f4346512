"""What tests of faults share: a rescan that takes a while, clients that come back, and checks that nothing is lost."""

import contextlib
import itertools
import json
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import Service, picture


class Follower(threading.Thread):
    """Reads a job's frames as a client does: when the stream breaks it comes back with the last number."""

    def __init__(self, url: str, job: str) -> None:
        super().__init__(daemon=True)
        self.url, self.job = url, job
        self.frames: list[dict[str, Any]] = []
        self.items = 0
        self.breaks = 0
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            try:
                self._read()
            except httpx.HTTPError:
                self.breaks += 1
                self.ended.wait(0.1)

    def _read(self) -> None:
        after = self.frames[-1]["seq"] if self.frames else 0
        with httpx.stream("GET", f"{self.url}/api/jobs/{self.job}/events?after={after}", timeout=30) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                if line.strip():
                    frame = json.loads(line)
                    self.frames.append(frame)
                    self.items += frame["type"] == "item"
                    if frame["type"] == "end":
                        self.ended.set()


class Asker(threading.Thread):
    """A person who asks for one photo after another, each of another width, and looks whose answer comes.

    Attributes:
        answers: how often each status came; 0 is a connection that broke.
        wrong: answers that belong to another photo, or that are errors without a form.
        slowest_s: longest wait for any answer.
    """

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self.stopping = threading.Event()
        self.answers: Counter[int] = Counter()
        self.wrong: list[Any] = []
        self.slowest_s = 0.0

    def run(self) -> None:
        for width in itertools.count(100):
            if self.stopping.wait(0.05):
                return
            files = {"file": ("a.png", picture(width, 50))}
            try:
                answer = httpx.post(f"{self._url}/api/photos?tasks=probe", files=files, timeout=120)
            except httpx.HTTPError:
                self.answers[0] += 1
                continue
            self.answers[answer.status_code] += 1
            self.slowest_s = max(self.slowest_s, answer.elapsed.total_seconds())
            body = answer.json()
            if body["width"] != width if answer.status_code == 200 else "code" not in body["error"]:
                self.wrong.append((width, answer.status_code, body))

    def stop(self) -> None:
        """Wait for the last answer."""
        self.stopping.set()
        self.join(150)


def fill(folder: Path, count: int, width: int = 1600, height: int = 1200) -> list[str]:
    """Write pictures that differ in their bytes; their names."""
    folder.mkdir(parents=True)
    first = picture(width, height)
    names = [f"{number:05}.png" for number in range(count)]
    for number, name in enumerate(names):
        (folder / name).write_bytes(first + number.to_bytes(4, "big"))
    return names


def submit(service: Service, folder: Path) -> str:
    """Submit a rescan; its id."""
    answer = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"], "force": True})
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["task_id"]
    return job


def finished(service: Service, job: str) -> int:
    """Items that are finished, as far as anybody answers."""
    with contextlib.suppress(httpx.HTTPError, KeyError, ValueError):
        counts = service.http.get(f"/api/jobs/{job}", timeout=5).json()["counts"]
        return int(counts["done"] + counts["failed"])
    return 0


def expect_whole(follower: Follower, names: list[str]) -> None:
    """Each item was finished once and well, no frame is missing or doubled, and the counts add up."""
    frames = follower.frames
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    seen = [(frame["name"], frame["status"]) for frame in frames if frame["type"] == "item"]
    assert sorted(seen) == [(name, "done") for name in sorted(names)]
    assert [frame["type"] for frame in frames].count("end") == 1
    counts = frames[-1]["counts"]
    assert frames[-1]["type"] == "end"
    assert (counts["total"], counts["done"], counts["failed"], counts["left"]) == (len(names), len(names), 0, 0)


def expect_unharmed(service: Service, follower: Follower, asker: Asker, names: list[str], slowest_s: float) -> None:
    """The rescan ends whole, and whoever asked beside it got an answer of their own, or was refused in time."""
    assert follower.ended.wait(120), service.log[-30:]
    asker.stop()
    expect_whole(follower, names)
    expect_nothing_held(service)
    assert not asker.wrong
    assert asker.answers[200] > 10
    assert set(asker.answers) <= {200, 503, 504}
    assert asker.slowest_s < slowest_s


def expect_nothing_held(service: Service) -> None:
    """No item is left in a state that is none, and nobody holds one."""
    left = service.ask(
        "SELECT state, COUNT(*) FROM items WHERE state NOT IN ('done', 'failed', 'cancelled') "
        "OR lease_owner IS NOT NULL GROUP BY state"
    )
    assert not left
    frames = "SELECT job_id, seq FROM events UNION SELECT job_id, seq FROM items WHERE seq IS NOT NULL"
    assert not service.ask(f"SELECT job_id FROM ({frames}) AS f GROUP BY job_id HAVING COUNT(*) != MAX(seq)")
