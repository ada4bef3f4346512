"""The compose file's own commands and environments, run by hand: queue, API, two workers, health checks."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import picture, until
from tests.services import programs
from tests.services.pair import PAIR
from tests.unit.deployment import compose

pytestmark = pytest.mark.e2e
KEY = "a key that lies in a file"
PHOTOS = 12


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Household:
    """Services of the compose file as processes: what lies in a container's folders lies below one of ours."""

    def __init__(self, root: Path, database_url: str) -> None:
        self.root = root
        self.ports = {"6379": free_port(), "8060": free_port()}
        for folder in ("data", "cache", "photos", "secrets", "queue"):
            (root / folder).mkdir()
        for name in ("api_auth_key", "postgres_password", "grafana_password"):
            (root / "secrets" / name).write_text(KEY + "\n")
        self.services = compose.services()
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.more = {"ENABLE_PROBE": "on", "REQUEST_THREADS": "2", "DATABASE_URL": database_url}
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.ports['8060']}", timeout=60, trust_env=False)

    def environment(self, service: str) -> dict[str, str]:
        """A service's, with our folders and ports; nothing else of ours but what a program needs to run."""
        own = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
        return own | self.more | {name: self._here(value) for name, value in self._given(service).items()}

    def _given(self, service: str) -> Mapping[str, str]:
        given: dict[str, str] = self.services[service]["environment"]
        return given

    def _here(self, value: str) -> str:
        places = {
            "/run/secrets/": f"{self.root}/secrets/",
            "/data": f"{self.root}/data",
            "/cache": f"{self.root}/cache",
            "/photos": f"{self.root}/photos",
            "0.0.0.0": "127.0.0.1",
            "redis:6379": f"127.0.0.1:{self.ports['6379']}",
            "8060": str(self.ports["8060"]),
        }
        for there, here in places.items():
            if value.startswith(there) or there in value.split("//")[-1].split("/"):
                return value.replace(there, here)
        return value

    def start(self, service: str) -> None:
        """Start it with its own command."""
        program, *words = self.services[service]["command"]
        if program == "darkroom":
            command = [str(Path(sys.executable).with_name("darkroom")), *words]
            env = self.environment(service)
        else:
            place = ["--port", str(self.ports["6379"]), "--bind", "127.0.0.1", "--dir", str(self.root / "queue")]
            command, env = [programs.redis() or "", *words, *place], dict(os.environ)
        log = (self.root / f"{service}.log").open("wb")
        with log:
            self.running[service] = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT)

    def ask(self, service: str, words: list[str]) -> int:
        """A command inside of a service; its exit status."""
        command = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
        env = self.environment(service)
        return subprocess.run(command, env=env, capture_output=True, timeout=60).returncode

    def is_healthy(self, service: str) -> bool:
        """What its health check says."""
        kind, *words = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.ask(service, words) == 0

    def log(self, service: str) -> str:
        return (self.root / f"{service}.log").read_text()

    def stop(self, service: str) -> tuple[int, float]:
        """SIGTERM, as Docker sends it; exit status and seconds."""
        process = self.running.pop(service)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status = process.wait(compose.seconds(self.services[service]["stop_grace_period"]))
        return status, time.monotonic() - began

    def close(self) -> None:
        """End everything."""
        self.http.close()
        for process in self.running.values():
            process.kill()
            process.wait(10)


def started(house: Household) -> None:
    house.start("redis")
    broker = redis.Redis(port=house.ports["6379"])
    until(lambda: _answers(broker), 20, "Redis")
    wanted = {"maxmemory-policy": "noeviction", "appendonly": "yes", "maxmemory": str(256 * 2**20), "save": ""}
    assert broker.config_get(*wanted) == wanted
    broker.close()
    house.start("migrate")
    assert house.running.pop("migrate").wait(60) == 0, house.log("migrate")
    for service in ("api", "worker-cpu", "bulk-cpu"):
        house.start(service)
    until(lambda: _is_ready(house.http), 90, "the service")


def _answers(broker: redis.Redis) -> bool:
    with contextlib.suppress(redis.RedisError):
        return bool(broker.ping())
    return False


def _is_ready(client: httpx.Client) -> bool:
    with contextlib.suppress(httpx.TransportError):
        parts = client.get("/readyz").json()["parts"]
        return bool(parts["workers"].get("count") == 2 and all(part["state"] == "ok" for part in parts.values()))
    return False


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Household]:
    """The profile cpu, without and with the profile postgres."""
    if programs.redis() is None:
        pytest.skip(f"no redis-server: {programs.ADVICE}")
    if request.param == "postgresql" and programs.postgresql("initdb") is None:
        pytest.skip(f"no PostgreSQL here: {programs.ADVICE}")
    made = Household(tmp_path, PAIR.postgres.empty() if request.param == "postgresql" else "")
    try:
        started(made)
        yield made
    finally:
        made.close()


def test_the_services_of_the_compose_file_work_together(house: Household) -> None:
    for service in ("api", "worker-cpu", "bulk-cpu"):
        assert house.is_healthy(service), service
    assert house.http.post("/ocr", files={"file": picture()}, headers={"api-key": "wrong"}).status_code == 401
    key = {"api-key": KEY}
    answer = house.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())}, headers=key)
    assert answer.status_code == 200, answer.text
    for number in range(PHOTOS):
        (house.root / "photos" / f"{number}.png").write_bytes(picture(seed=number + 1))
    rescan = {"library": str(house.root / "photos"), "tasks": ["probe"]}
    job = house.http.post("/api/jobs", json=rescan, headers=key).json()["task_id"]
    done: dict[str, Any] = until(lambda: _ended(house.http, job, key), 60, "the rescan")
    assert done["counts"]["done"] == PHOTOS
    waits = _waits(house.http)
    assert waits["interactive.photo"] >= 1, "counted by the one worker"
    assert waits["bulk.jobs"] >= 1, "counted by the other"
    for service in ("bulk-cpu", "worker-cpu", "api"):
        status, seconds = house.stop(service)
        # uvicorn ends by the signal that it was sent, when it is through with everything.
        assert status == (-signal.SIGTERM if service == "api" else 0), house.log(service)
        assert seconds < compose.seconds(house.services[service]["stop_grace_period"]) / 2
    assert not house.is_healthy("worker-cpu")


def _waits(client: httpx.Client) -> dict[str, float]:
    """How much of each queue has been begun, as the API's metrics tell."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = (sample for family in families for sample in family.samples)
    return {each.labels["queue"]: each.value for each in samples if each.name == "darkroom_queue_wait_seconds_count"}


def _ended(client: httpx.Client, job: str, key: dict[str, str]) -> dict[str, Any] | None:
    found: dict[str, Any] = client.get(f"/api/jobs/{job}", headers=key).json()
    return found if found["state"] == "completed" else None
