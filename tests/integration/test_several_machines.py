"""Two hosts made of network namespaces: servers here, the worker there, no disk in common, and a link that breaks."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy.engine import make_url

from tasks.store.session import migrate
from tests.conftest import picture, until
from tests.services import postgres, programs, redis_server

pytestmark = pytest.mark.e2e
HERE, THERE = "10.213.7.1", "10.213.7.2"
PORT = 8060
PHOTOS = 240
CUT_S = 6


class Link:
    """A namespace that is a host of its own, and the one cable between it and this one."""

    def __init__(self) -> None:
        tag = uuid.uuid4().hex[:6]
        self.host, self._near, self._far = f"dr-{tag}", f"drn{tag}", f"drf{tag}"

    def lay(self) -> None:
        """Make it; OSError where that is not allowed."""
        _ip("netns", "add", self.host)
        _ip("link", "add", self._near, "type", "veth", "peer", "name", self._far, "netns", self.host)
        _ip("addr", "add", f"{HERE}/30", "dev", self._near)
        _ip("-n", self.host, "addr", "add", f"{THERE}/30", "dev", self._far)
        _ip("link", "set", self._near, "up")
        _ip("-n", self.host, "link", "set", "lo", "up")
        self.mend()

    def cut(self) -> None:
        """Nothing passes any more, and nobody is told."""
        _ip("-n", self.host, "link", "set", self._far, "down")

    def mend(self) -> None:
        """Everything passes again."""
        _ip("-n", self.host, "link", "set", self._far, "up")

    def remove(self) -> None:
        """Leave nothing; the interfaces go with their namespace."""
        for words in (("link", "del", self._near), ("netns", "del", self.host)):
            with contextlib.suppress(OSError):
                _ip(*words)


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


@pytest.fixture
def link() -> Iterator[Link]:
    """A second host, where this process may make one."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    if missing := programs.missing("postgresql", "redis-server"):
        pytest.skip(f"no {' and no '.join(missing)}: {programs.ADVICE}")
    made = Link()
    try:
        made.lay()
    except OSError as error:
        made.remove()
        pytest.skip(f"network namespaces are not allowed here: {error}")
    yield made
    made.remove()


@contextlib.contextmanager
def _part(words: list[str], env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(words, env={**os.environ, **env}, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def hosts(link: Link, tmp_path: Path) -> Iterator[httpx.Client]:
    """The API with its servers on this host, and one worker on the other."""
    darkroom = str(Path(sys.executable).with_name("darkroom"))
    redis_options = ("--port", "6379", "--bind", HERE, "--protected-mode", "no")
    with contextlib.ExitStack() as parts:
        server = parts.enter_context(postgres.running(HERE))
        parts.enter_context(redis_server.running(programs.redis() or "", *redis_options))
        database = make_url(server.migrated()).database
        env = {
            "DATABASE_URL": f"postgresql://postgres@{HERE}:5432/{database}",
            "REDIS_URL": f"redis://{HERE}:6379/0",
            "BLOB_URL": f"redis://{HERE}:6379/1",
            "ENABLE_PROBE": "on",
            "LEASE_ITEMS": "4",
            "HOST": HERE,
            "TRUSTED_NETWORKS": f"{HERE}/32",
        }
        migrate(env["DATABASE_URL"])
        api = [darkroom, "api", "--host", HERE, "--port", str(PORT)]
        parts.enter_context(_part(api, {**env, "DARKROOM_HOME": str(tmp_path / "here")}, tmp_path / "api.log"))
        worker = [
            darkroom,
            "worker",
            "--device",
            "cpu",
            "--threads",
            "1",
            "--name",
            "far",
            "--queues",
            "interactive,bulk",
        ]
        away = ["ip", "netns", "exec", link.host, *worker]
        there = {**env, "DARKROOM_HOME": str(tmp_path / "there")}
        parts.enter_context(_part(away, there, tmp_path / "worker.log"))
        client = parts.enter_context(httpx.Client(base_url=f"http://{HERE}:{PORT}", timeout=60, trust_env=False))
        until(lambda: _workers(client), 60, "the far worker's sign of life")
        yield client


def _workers(client: httpx.Client) -> list[Any]:
    with contextlib.suppress(httpx.TransportError):
        answer = client.get("/api/models")
        return list(answer.json()["items"]) if answer.status_code == 200 else []
    return []


def _job(client: httpx.Client, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/api/jobs/{job_id}").json()
    return answer


def test_a_far_worker_finishes_a_job_of_uploads_whose_link_was_cut(hosts: httpx.Client, link: Link) -> None:
    names = [f"{n}.png" for n in range(PHOTOS)]
    parts = [("files", (name, io.BytesIO(picture(1000, 700, seed=n)))) for n, name in enumerate(names)]
    job_id = hosts.post("/api/jobs", files=parts, data={"tasks": "probe"}).json()["task_id"]

    def begun() -> bool:
        return int(_job(hosts, job_id)["counts"]["done"]) > 0

    until(begun, 60, "the first photo")
    link.cut()
    try:
        at_cut = _settled(hosts, job_id)
        assert at_cut < PHOTOS, "the link was cut in the middle"
    finally:
        link.mend()
    until(lambda: _job(hosts, job_id)["state"] == "completed", 120, "the job's end")
    frames = [orjson.loads(line) for line in hosts.get(f"/api/jobs/{job_id}/events?follow=false").iter_lines() if line]
    frames = [frame for frame in frames if "seq" in frame]
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    seen = [(frame["name"], frame["status"]) for frame in frames if frame["type"] == "item"]
    assert sorted(seen) == sorted((name, "done") for name in names)
    assert frames[-1]["counts"]["done"] == PHOTOS


def _settled(client: httpx.Client, job_id: str) -> int:
    """Photos that are done when for CUT_S seconds no more have become so."""
    done, since = -1, time.monotonic()
    while time.monotonic() - since < CUT_S:
        now = int(_job(client, job_id)["counts"]["done"])
        if now != done:
            done, since = now, time.monotonic()
        time.sleep(0.2)
    return done
