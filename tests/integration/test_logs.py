"""The log of a whole service as JSON: every line is an object, and a request is found again in its worker's lines."""

import json
import os
import subprocess
from typing import Any

import pytest

from cli import environment
from tests.conftest import Service, picture, until
from tests.integration.conftest import Start
from tests.services.pair import WANTED

pytestmark = pytest.mark.e2e
KEY = "a-key-of-my-own"
SECRETS = (KEY, "wrong-key-of-theirs", "hunter2hunter2", "hidden-in-the-query")


@pytest.fixture
def talking(start: Start) -> Service:
    """A service with an access log, whose models are loaded by the requests that need them."""
    return start(
        LOG_FORMAT="json", ACCESS_LOG="on", PRELOAD="", API_AUTH_KEY=KEY, AUTH_ENABLED="on", CLIP_FALLBACK="concepts"
    )


def lines(service: Service, **facts: Any) -> list[dict[str, Any]]:
    """Lines of the log with these fields."""
    found = [json.loads(line) for line in list(service.log)]
    return [line for line in found if facts.items() <= line.items()]


def test_a_request_and_a_job_are_found_again_in_the_lines_of_their_workers(talking: Service) -> None:
    files = {"file": ("holiday.png", picture(text="Paris"))}
    given = {"X-Request-ID": "album-7", "api-key": KEY}
    answer = talking.http.post("/api/photos?tasks=ocr&note=hidden-in-the-query", files=files, headers=given)
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, "album-7")
    (loaded,) = until(
        lambda: lines(talking, logger="engines.ocr.recipe", request_id="album-7"), 20, "the worker's line"
    )
    assert loaded["part"].startswith("cpu-interactive")
    (access,) = until(lambda: lines(talking, logger="darkroom.access", request_id="album-7"), 20, "the API's line")
    assert (access["route"], access["status"], access["part"]) == ("/api/photos", 200, "api")

    files = {"files": ("holiday.png", picture(seed=3))}
    form = {"tasks": "clip"}
    asked = {"X-Request-ID": "album-8", "api-key": KEY}
    job = talking.http.post("/api/jobs", files=files, data=form, headers=asked).json()["task_id"]
    (line, *_) = until(lambda: lines(talking, job_id=job), 60, "a line of the job")
    assert (line["request_id"], line["item"].isdecimal()) == ("album-8", True)

    talking.http.post("/ocr", files=files, headers={"api-key": SECRETS[1]})
    talking.http.post("/api/auth/token", data={"username": "me", "password": SECRETS[2]})
    talking.stop()
    every = lines(talking)
    assert all({"time", "level", "part", "message"} <= set(line) for line in every)
    ours = set() if WANTED else {"broker"}
    assert {"darkroom", "api", *ours} <= {line["part"] for line in every}
    assert not [secret for secret in SECRETS for line in talking.log if secret in line]
    assert not [line for line in talking.log if "holiday" in line]


def test_a_service_that_cannot_start_says_so_in_an_object() -> None:
    env = {**os.environ, "LOG_FORMAT": "json", "DARKROOM_HOME": "/proc/none"}
    done = subprocess.run([environment.program(), "up", "--port", "0"], env=env, capture_output=True, check=False)
    assert done.returncode == 1
    last = json.loads(done.stderr.decode().splitlines()[-1])
    assert (last["level"], last["part"]) == ("error", "darkroom")
    assert last["message"].startswith("Darkroom did not start: ")
