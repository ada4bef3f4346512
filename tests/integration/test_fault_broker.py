"""Without a broker a request is refused at once and a job is kept; one that comes back empty costs no photo."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.chaos.rig import Asker, Follower, expect_nothing_held, expect_unharmed, expect_whole, fill, submit
from tests.chaos.servers import Broker, broker  # noqa: F401  a fixture
from tests.conftest import picture, until
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e
PHOTOS = 150


def test_a_rescan_goes_on_when_the_broker_comes_back_empty(start: Start, broker: Broker) -> None:  # noqa: F811
    service = start(REDIS_URL=broker.url)
    names = fill(service.library / "job", PHOTOS)
    job = submit(service, service.library / "job")
    follower = Follower(service.url, job)
    follower.start()
    until(lambda: follower.items >= 20, 60, "some work")
    broker.kill()

    asked = time.monotonic()
    answer = service.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "broker_down")
    assert time.monotonic() - asked < 5, "it is refused at once"
    files = {"files": ("kept.png", picture(seed=5))}
    kept = service.http.post("/api/jobs", files=files, data={"tasks": "probe"})
    assert kept.status_code == 202, "a job is kept for later"
    assert service.http.get("/readyz").json()["parts"]["broker"]["state"] == "down"

    broker.start()
    assert follower.ended.wait(120), service.log[-30:]
    expect_whole(follower, names)
    job = kept.json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["counts"]["done"] == 1, 60, "the job that was kept")

    def ask() -> httpx.Response:
        return service.http.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())})

    until(lambda: ask().status_code == 200, 15, "the interactive worker, which comes back by itself")
    expect_nothing_held(service)


def test_a_broker_that_forgets_everything_costs_no_photo_and_no_request_waits_for_ever(
    start: Start,
    broker: Broker,  # noqa: F811
) -> None:
    from tasks.broker import connect

    service = start(REDIS_URL=broker.url, QUEUE_TIMEOUT_S="6", RUN_TIMEOUT_S="6")
    names = fill(service.library / "job", PHOTOS)
    follower = Follower(service.url, submit(service, service.library / "job"))
    asker = Asker(service.url)
    follower.start()
    asker.start()
    client = connect(broker.url)
    for round_ in range(1, 6):
        until(lambda n=round_: follower.items >= 20 * n, 60, "some work")  # type: ignore[misc]
        client.flushall()
    client.close()
    expect_unharmed(service, follower, asker, names, slowest_s=15)


def test_a_request_whose_message_is_lost_is_sent_again_and_answered(
    start: Start,
    broker: Broker,  # noqa: F811
) -> None:
    from tasks.broker import connect, queue_key
    from tasks.queues import PHOTO_QUEUE

    service = start(REDIS_URL=broker.url)
    worker = service.part("worker --device cpu --queues interactive")
    worker.suspend()
    client = connect(broker.url)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(service.http.post, "/api/photos?tasks=probe", files={"file": ("a.png", picture(123, 50))})
        until(lambda: list((service.home / "spool").glob("*/*")), 20, "the upload")
        with contextlib.suppress(AssertionError):  # it may be on its way to the worker already
            until(lambda: client.llen(queue_key(PHOTO_QUEUE)), 2, "the message")
        client.flushall()
        worker.resume()
        answer = asked.result(40)
    client.close()
    assert (answer.status_code, answer.json()["width"]) == (200, 123)
    assert answer.elapsed.total_seconds() < 30, "long before its time in the queue was over"
