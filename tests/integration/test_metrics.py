"""Metrics of a real service: all are there, sums are exactly what was sent, and an outage leaves out its own series."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitoring import table
from tests.conftest import Service, picture, until
from tests.integration.conftest import Start
from tests.pdfs import pdf
from tests.services.pair import WANTED

pytestmark = pytest.mark.e2e

Told = dict[tuple[str, frozenset[tuple[str, str]]], float]
NOT_HERE = {
    "darkroom_gpu_memory_used_bytes",
    "darkroom_gpu_memory_total_bytes",
    "darkroom_gpu_memory_held_bytes",
    "darkroom_gpu_utilisation_ratio",
    "darkroom_document_retries_total",
}
"""Without a GPU, and without a server that reads documents."""
STAND_INS = {"CLIP_FALLBACK": "concepts", "FACE_FALLBACK": "dlib"}


def scrape(service: Service) -> Told:
    """Name and labels -> value; each series is there once."""
    answer = service.http.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    samples = [sample for family in families for sample in family.samples]
    told = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}
    assert len(told) == len(samples)
    return told


def value(told: Told, name: str, **labels: str) -> float:
    """Of one series, 0 where it is not there."""
    return told.get((name, frozenset(labels.items())), 0.0)


def total(told: Told, name: str, **labels: str) -> float:
    """Over all series that have these labels."""
    return sum(number for (each, has), number in told.items() if each == name and has >= labels.items())


def defined() -> set[str]:
    """Every series that there is, of a histogram its count."""
    return {f"{row.name}_count" if row.kind == "histogram" else row.name for row in table.rows()} - NOT_HERE


def post(service: Service, path: str, data: bytes, **more: Any) -> httpx.Response:
    return service.http.post(path, files={"file": ("a.png", data)}, **more)


def run_job(service: Service, pictures: list[bytes], tasks: str = "probe") -> str:
    """A job of uploads, to its end."""
    files = [("files", (f"{n}.png", data)) for n, data in enumerate(pictures)]
    job: str = service.http.post("/api/jobs", files=files, data={"tasks": tasks}).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 60, "the end of the job")
    return job


def test_every_metric_that_is_defined_is_told_by_a_service_that_worked(start: Start) -> None:
    service = start(**STAND_INS)
    headers = {"api-key": "mt_photos_ai_extra"}
    assert post(service, "/api/photos?tasks=ocr,clip", picture(400, 200, "Metrics")).status_code == 200
    assert service.http.post("/api/text", json={"text": "a dog"}).status_code == 200
    assert "msg" in post(service, "/ocr", b"no picture", headers=headers).json()
    assert post(service, "/api/ocr/pdf", pdf([("A page.",)])).status_code == 200
    run_job(service, [picture(seed=1), picture(seed=2)], "ocr")
    face = post(service, "/api/photos?tasks=face", picture(seed=3))
    assert face.status_code == 200

    def missing() -> set[str]:
        return defined() - {name for name, _ in scrape(service)}

    until(lambda: not missing(), 20, f"every metric; missing are {missing()}")
    told = scrape(service)
    assert value(told, "darkroom_compat_requests_total", protocol="mt_photos", outcome="refused") == 1
    assert value(told, "darkroom_errors_total", code="not_a_picture") == 1
    assert value(told, "darkroom_jobs_total", kind="photos", outcome="completed") == 1
    assert value(told, "darkroom_jobs_total", kind="document", outcome="completed") == 1
    assert value(told, "darkroom_model_load_seconds_count", task="ocr", model="PP-OCRv6_small", device="cpu") >= 1
    assert value(told, "darkroom_model_loaded", task="ocr", model="PP-OCRv6_small", device="cpu") >= 1
    assert value(told, "darkroom_queue_finished_total", queue="bulk.jobs") == 2
    assert value(told, "celery_tasks_total", task="darkroom.text", state="success") == 1
    assert value(told, "darkroom_store_up") == value(told, "darkroom_broker_up") == 1


def two_of_each(service: Service) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """The processes of the API and the workers."""
    return service.parts("darkroom api"), service.parts("darkroom worker")


def send(service: Service, requests: int) -> None:
    """Requests of new connections, so that both processes of the API get some, and a job."""

    def one(seed: int) -> None:
        with httpx.Client(base_url=service.url, timeout=60) as client:
            answer = client.post("/api/photos?tasks=probe&cache=false", files={"file": ("a", picture(seed=seed))})
            assert answer.status_code == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(requests)))
    run_job(service, [picture(seed=n) for n in range(5)])


def sums(service: Service) -> dict[str, float]:
    """What the test has sent, as the service counts it."""
    told = scrape(service)
    photos = {"method": "POST", "path": "/api/photos"}
    return {
        "requests": value(told, "http_requests_total", **photos, status="200"),
        "timed": value(told, "http_request_duration_seconds_count", **photos),
        "jobs": value(told, "darkroom_jobs_total", kind="photos", outcome="completed"),
        "waited": value(told, "darkroom_queue_wait_seconds_count", queue="interactive.photo"),
        "done": value(told, "darkroom_queue_finished_total", queue="interactive.photo"),
        "items": value(told, "darkroom_queue_finished_total", queue="bulk.jobs"),
        "celery": value(told, "celery_tasks_total", task="darkroom.photo", state="success"),
    }


def agrees(found: dict[str, float], requests: int, jobs: int) -> bool:
    """Whether these are the sums of so many requests and jobs; a message may be delivered twice, its answer is one."""
    exact = {"requests": requests, "timed": requests, "jobs": jobs, "items": 5 * jobs}
    return exact == {name: found[name] for name in exact} and holds(found, requests, jobs)


def holds(found: dict[str, float], requests: int, jobs: int) -> bool:
    """Whether nothing is missing in the sums of at least so many requests and jobs."""
    once = all(found[name] >= requests for name in ("requests", "timed", "waited", "done", "celery"))
    return once and found["jobs"] >= jobs and found["items"] >= 5 * jobs


def test_two_apis_and_two_workers_tell_exact_sums_that_no_death_takes_back(start: Start) -> None:
    service = start(WEB_CONCURRENCY="2", DEVICES="cpu,cpu:0", PRELOAD="")
    until(lambda: len(two_of_each(service)[0]) == 2, 20, "both processes of the API")
    workers = len(two_of_each(service)[1])
    assert workers >= 2
    send(service, 40)
    until(lambda: agrees(sums(service), 40, 1), 10, f"40 requests: {sums(service)}")

    apis, all_workers = two_of_each(service)
    victims = [apis[0].pid, all_workers[0].pid]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)

    def replaced() -> bool:
        now = [process.pid for part in two_of_each(service) for process in part]
        return len(now) == 2 + workers and not set(victims) & set(now)

    until(replaced, 30, "the new processes")
    until(lambda: value(scrape(service), "http_in_flight_requests") == 1, 10, "the scrape alone in flight")
    lowest = sums(service)
    assert holds(lowest, 40, 1), lowest
    until(lambda: ready(service), 30, "its workers")
    send(service, 20)
    until(lambda: agrees(sums(service), 60, 2), 10, f"60 requests: {sums(service)}")


def ready(service: Service) -> bool:
    answer = service.http.get("/readyz")
    return bool(answer.status_code == 200)


def test_a_service_that_starts_again_counts_from_zero(start: Start) -> None:
    service = start()
    run_job(service, [picture(seed=n) for n in range(5)])
    until(lambda: sums(service)["items"] == 5, 10, "the count")
    service.stop()
    service._start()
    now = sums(service)
    assert (now["requests"], now["jobs"]) == (0, 0)
    assert now["items"] == 5, "the broker goes on counting"


@pytest.mark.skipif(WANTED, reason="stops the private broker")
def test_an_outage_of_the_broker_leaves_out_its_series_and_the_rest_answers_soon(own_service: Service) -> None:
    broker = own_service.part("valkey-server")
    broker.suspend()
    try:
        started = time.monotonic()
        told = scrape(own_service)
        assert time.monotonic() - started < 2
        assert value(told, "darkroom_broker_up") == 0
        assert value(told, "darkroom_store_up") == 1
        names = {name for name, _ in told}
        assert not names & {"darkroom_workers", "darkroom_worker_up", "darkroom_queue_finished_total"}
        assert {"http_requests_total", "darkroom_disk_free_bytes", "darkroom_build_info"} <= names
    finally:
        broker.resume()
    until(lambda: value(scrape(own_service), "darkroom_broker_up") == 1, 20, "the broker's series")


def test_streams_are_counted_while_they_are_open(start: Start) -> None:
    service = start(WEB_CONCURRENCY="2", PRELOAD="")
    workers = service.parts("darkroom worker")
    for worker in workers:
        worker.suspend()
    files = [("files", ("a.png", picture()))]
    job = service.http.post("/api/jobs", files=files, data={"tasks": "probe"}).json()["task_id"]
    with service.http.stream("GET", f"/api/jobs/{job}/events") as first:
        lines = first.iter_lines()  # to be kept: without it the stream is closed
        next(lines)
        until(lambda: value(scrape(service), "darkroom_stream_followers") == 1, 10, "the stream")
        with service.http.stream("GET", f"/api/jobs/{job}/events") as second:
            more = second.iter_lines()
            next(more)
            until(lambda: value(scrape(service), "darkroom_stream_followers") == 2, 10, "both streams")
            more.close()
        lines.close()
    until(lambda: value(scrape(service), "darkroom_stream_followers") == 0, 10, "nobody follows")
    for worker in workers:
        worker.resume()


def test_a_worker_by_itself_serves_its_own_metrics(start: Start, free_port: int) -> None:
    service = start()
    private = {"REDIS_URL": f"unix://{service.home / 'run' / 'valkey.sock'}", "DARKROOM_HOME": str(service.home)}
    env = {**private, **service.env, "METRICS_PORT": str(free_port)}
    env.pop("PROMETHEUS_MULTIPROC_DIR", None)
    command = [str(Path(sys.executable).parent / "darkroom"), "worker", "--device", "cpu", "--queues", "bulk"]
    for worker in service.parts("darkroom worker"):
        worker.suspend()  # so that the one by itself has all the work
    with subprocess.Popen([*command, "--name", "alone"], env=env) as alone, contextlib.ExitStack() as ending:
        ending.callback(alone.terminate)
        run_job(service, [picture(seed=n) for n in range(5)])
        text = until(lambda: alone_says(free_port), 10, "its count")
        assert 'darkroom_jobs_total{kind="photos",outcome="completed"} 1.0' in text
        assert 'darkroom_disk_free_bytes{place="models"}' in text
        second = subprocess.run([*command, "--name", "other"], env=env, capture_output=True, text=True, timeout=60)
        assert second.returncode == 78
        assert "METRICS_PORT" in second.stderr
    for worker in service.parts("darkroom worker"):
        worker.resume()


def alone_says(port: int) -> str | None:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    return text if 'task="darkroom.draw"' in text else None


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
