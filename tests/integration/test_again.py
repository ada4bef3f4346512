"""A photo done again while workers die, others ask for the same, and a rescan finishes it."""

import json
import threading
import time
from typing import Any

import httpx
import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e
INTERACTIVE = "worker --device cpu --queues interactive"
SMALL, MOBILE = "PP-OCRv6_small", "PP-OCRv5_mobile"


def scan(service: Service, **more: Any) -> str:
    asked = {"library": str(service.library), "tasks": ["ocr"], **more}
    return str(service.http.post("/api/jobs", json=asked).raise_for_status().json()["task_id"])


def ended(service: Service, job: str) -> Any:
    def look() -> Any:
        body = service.http.get(f"/api/jobs/{job}").json()
        return body if body["finished_at"] else None

    return until(look, 90, "the job's end")


def line(service: Service, job: str) -> Any:
    return json.loads(service.http.get(f"/api/jobs/{job}/results").text.splitlines()[0])


def known(service: Service, sha: str) -> Any:
    return service.http.get(f"/api/photos/{sha}").raise_for_status().json()


@pytest.fixture
def photo(own_service: Service) -> tuple[Service, str, str]:
    """A service with one photo that was read; its job and sha256."""
    (own_service.library / "a.png").write_bytes(picture(900, 300, "Total 12.80 EUR\nPlatform 9 3/4", seed=77))
    job = scan(own_service)
    ended(own_service, job)
    return own_service, job, line(own_service, job)["sha256"]


def test_one_whose_worker_is_killed_is_done_all_the_same_and_once(photo: tuple[Service, str, str]) -> None:
    service, first, sha = photo
    answers: list[httpx.Response] = []

    def ask() -> None:
        with httpx.Client(base_url=service.url, timeout=120) as client:
            answers.append(client.post(f"/api/photos/{sha}/reprocess", params={"tasks": "ocr", "model": MOBILE}))

    asking = threading.Thread(target=ask)
    victim = service.part(INTERACTIVE)
    asking.start()
    until(lambda: service.ask("SELECT 1 FROM items WHERE state = 'running'"), 30, "the work's beginning")
    victim.kill()
    assert known(service, sha)["models"] == {"ocr": SMALL}
    asking.join()
    assert answers[0].status_code == 200, "".join(service.log[-70:])
    assert answers[0].json()["models"] == {"ocr": MOBILE}
    assert [each["model"] for each in answers[0].json()["history"]] == [SMALL]
    assert line(service, first)["models"] == {"ocr": MOBILE}
    (again,) = service.ask("SELECT id FROM jobs WHERE kind = 'reprocess'")
    text = service.http.get(f"/api/jobs/{again[0]}/events?follow=false").text
    types = [json.loads(each)["type"] for each in text.splitlines()]
    assert (types.count("item"), types[-1]) == (1, "end")


def test_several_at_once_and_rescans_beside_them_agree(photo: tuple[Service, str, str]) -> None:
    service, first, sha = photo
    over = threading.Event()
    wrong: list[Any] = []

    def ask(model: str) -> None:
        with httpx.Client(base_url=service.url, timeout=120) as client:
            for _ in range(4):
                answer = client.post(f"/api/photos/{sha}/reprocess", params={"tasks": "ocr", "model": model})
                if answer.status_code != 200:
                    wrong.append(answer.text)

    def look() -> None:
        with httpx.Client(base_url=service.url, timeout=30) as client:
            while not over.is_set():
                found = client.get(f"/api/photos/{sha}").json()
                shown = found["models"]["ocr"]
                if shown in [each["model"] for each in found["history"]] or len(found["history"]) > 1:
                    wrong.append(found)
                time.sleep(0.01)

    asking = [threading.Thread(target=ask, args=(model,)) for model in (MOBILE, SMALL)]
    looking = threading.Thread(target=look)
    for thread in (*asking, looking):
        thread.start()
    jobs = [first, *(scan(service, force=bool(n % 2)) for n in range(6))]
    for job in jobs:
        assert ended(service, job)["counts"]["done"] == 1
    for thread in asking:
        thread.join()
    over.set()
    looking.join()
    assert not wrong
    found = known(service, sha)
    assert len(found["tasks_by_job"]) == 7 + 8
    for job in jobs:
        assert line(service, job)["results"]["ocr"] == found["results"]["ocr"]
    other = {SMALL: MOBILE, MOBILE: SMALL}[found["models"]["ocr"]]
    (earlier,) = found["history"]
    assert earlier["model"] == other
    restored = service.http.post(f"/api/photos/{sha}/restore", json={"history": earlier["id"]}).json()
    assert restored["models"] == {"ocr": other}
    last = scan(service)
    assert ended(service, last)["counts"]["cached"] == 1
    assert line(service, last)["models"] == {"ocr": other}
