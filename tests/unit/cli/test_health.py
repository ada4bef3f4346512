"""What health checks are told."""

import socket

import pytest
import redis
from typer.testing import CliRunner

from cli.main import app
from tasks import liveness
from tasks.worker import Worker

RUN = CliRunner()


def test_without_an_api_it_is_not_well_and_says_why() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        for more in ([], ["--live"]):
            said = RUN.invoke(app, ["health", "--port", port, *more])
            assert (said.exit_code, said.output.strip()) == (1, "the API does not answer")


def test_a_worker_is_well_while_it_gives_signs_of_life_from_this_host(
    worker: Worker, valkey: redis.Redis, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", valkey_url)
    said = RUN.invoke(app, ["health", "--worker"])
    assert (said.exit_code, "gives signs of life" in said.output) == (1, True)
    liveness.announce(valkey, worker.record())
    assert RUN.invoke(app, ["health", "--worker"]).exit_code == 0
    monkeypatch.setattr(socket, "gethostname", lambda: "another")
    assert RUN.invoke(app, ["health", "--worker"]).exit_code == 1


def test_without_a_broker_a_worker_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere/valkey.sock")
    said = RUN.invoke(app, ["health", "--worker"])
    assert (said.exit_code, "Redis does not answer" in said.output) == (1, True)
