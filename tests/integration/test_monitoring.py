"""A service, a real Prometheus that scrapes it every second, and a run: what it says is what happened."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from tests.conftest import Service, picture, until
from tests.integration.test_fault_processes import other_worker
from tests.monitoring.files import RULE_FILES, filled, queries, rules
from tests.pdfs import pdf
from tests.services import programs, prometheus
from tests.services.prometheus import Prometheus

pytestmark = pytest.mark.e2e

PHOTOS: Final = 12
WAITING: Final = 7
UPLOADS: Final = 5
HEARTBEAT_S: Final = 2
SCRAPE_S: Final = 1.0
RUN_S: Final = 180
"""How far back the run may lie."""

OLDEST: Final = 'darkroom_queue_oldest_seconds{queue="interactive.photo"}'
WAITING_NOW: Final = "sum by (queue) (darkroom_queue_depth) > 0"
WAITS_NOW: Final = {(("queue", "interactive.photo"),): WAITING, (("queue", "bulk.jobs"),): UPLOADS}
WAITS: Final = tuple(f'darkroom_queue_wait_seconds_{part}{{queue="bulk.jobs"}}' for part in ("count", "sum"))
REQUESTS: Final = tuple(
    f'http_request_duration_seconds_{part}{{path="/api/photos", method="POST"}}' for part in ("count", "sum")
)

NOT_HERE: Final = {
    "darkroom_gpu_": "a GPU",
    "vllm:": "vLLM, whose queries tests/vllm asks",
    "darkroom_document_retries_total": "a document server that repeats itself",
    "darkroom_document_tokens_total": "a document server",
    'ALERTS{alertstate="firing"}': "an alert, which another test raises",
}
"""What some queries ask for and this run cannot have."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    settings = {"HEARTBEAT_S": str(HEARTBEAT_S), "PRELOAD": "", "CLIP_FALLBACK": "concepts"}
    made = Service(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("library"), **settings)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def watched(service: Service) -> Iterator[Prometheus]:
    program = programs.prometheus()
    if program is None:
        pytest.skip(f"no Prometheus here: {programs.ADVICE}")
    with prometheus.running(program, {"api": [service.url.removeprefix("http://")]}) as made:
        until(lambda: made.value('up{job="darkroom"}') == 1, 20, "the first scrape")
        yield made


@pytest.fixture(scope="module")
def ran(service: Service, watched: Prometheus) -> Service:
    """The service after a run whose two halves lie some scrapes apart, so that counters were seen to grow."""
    for half in ("first", "second"):
        _rescan(service, half)
        _documents(service, half)
        _requests(service, half)
        time.sleep(3 * SCRAPE_S)
    return service


def _rescan(service: Service, half: str) -> None:
    """A folder of pictures, and of files that are none."""
    folder = service.library / half
    folder.mkdir()
    for number in range(PHOTOS):
        (folder / f"{number}.png").write_bytes(picture(text=f"{half} {number}", seed=number))
    (folder / "broken.png").write_bytes(picture(seed=99)[:200])
    answer = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["ocr"]})
    job = answer.json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 120, "the rescan's end")
    counts = service.http.get(f"/api/jobs/{job}").json()["counts"]
    assert (counts["done"], counts["failed"]) == (PHOTOS, 1)


def _documents(service: Service, half: str) -> None:
    for route, name, content in (
        ("pdf", "a.pdf", pdf([[f"page one of the {half}"], ["page two"]])),
        ("image", "a.png", picture(text=f"document {half}")),
    ):
        answer = service.http.post(f"/api/ocr/{route}", files={"file": (name, content)})
        assert '"type":"end"' in answer.text.replace(" ", "")


def _requests(service: Service, half: str) -> None:
    """Photos for somebody who waits, one of them twice; a text; an old client; and a request that is refused."""
    for seed in (1, 1, 2):
        files = {"file": ("a.png", picture(text=half, seed=seed))}
        assert service.http.post("/api/photos?tasks=ocr", files=files).status_code == 200
    assert service.http.post("/api/text", json={"text": f"a dog, {half}"}).status_code == 200
    key = {"api-key": "mt_photos_ai_extra"}
    assert service.http.post("/ocr", headers=key, files={"file": ("a.png", picture(text=half, seed=3))}).is_success
    assert service.http.get("/api/jobs/none").status_code == 404


def test_every_query_of_a_dashboard_has_an_answer(ran: Service, watched: Prometheus) -> None:
    silent = [
        f"{place}: {expr}"
        for place, expr in queries()
        if not watched.past(filled(expr, interval="10s"), RUN_S) and not _why_not(expr)
    ]
    assert not silent


def test_every_rule_can_be_evaluated_and_the_run_raised_no_alert(ran: Service, watched: Prometheus) -> None:
    for name in RULE_FILES:
        for rule in rules(name):
            watched.ask(rule["expr"])
    assert not watched.unhealthy()
    silent = [rule["record"] for rule in rules("recording.yml") if not watched.past(rule["record"], RUN_S)]
    assert not silent
    assert not watched.firing()


def _why_not(expr: str) -> str | None:
    return next((reason for part, reason in NOT_HERE.items() if part in expr), None)


def test_depth_and_latency_are_what_the_clients_measured(ran: Service, watched: Prometheus) -> None:
    before = {name: watched.value(name) or 0.0 for name in (*WAITS, *REQUESTS)}
    with ThreadPoolExecutor(WAITING) as pool:
        # Dead and not yet missed; one that is only stopped would still be handed a message.
        ran.process.suspend()
        for process in ran.parts("darkroom worker"):
            process.kill()
        try:
            began = time.time()
            asked = [pool.submit(_timed_photo, ran, seed) for seed in range(WAITING)]
            uploads = [("files", (f"{n}.png", picture(seed=200 + n))) for n in range(UPLOADS)]
            job = ran.http.post("/api/jobs", files=uploads, data={"tasks": "probe"}).json()["task_id"]
            accepted = time.time()
            until(lambda: watched.ask(WAITING_NOW) == WAITS_NOW, 10, "the depth of both queues")
            sent = watched.value(f"timestamp({OLDEST}) - {OLDEST}")
            resumed = time.time()
        finally:
            ran.process.resume()
        answered = [each.result() for each in asked]
    assert sent is not None
    assert began - SCRAPE_S / 2 <= sent <= resumed
    until(lambda: ran.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 60, "the job's end")
    ended = time.time()
    until(lambda: watched.value(WAITS[0]) == before[WAITS[0]] + 1, 10, "a scrape after the job")
    until(lambda: watched.value(REQUESTS[0]) == before[REQUESTS[0]] + WAITING, 10, "a scrape after the answers")
    grown = {name: (watched.value(name) or 0.0) - was for name, was in before.items()}
    assert resumed - accepted <= grown[WAITS[1]] <= ended - began
    assert 0.8 * sum(answered) <= grown[REQUESTS[1]] <= sum(answered)


def _timed_photo(service: Service, seed: int) -> float:
    """Seconds until a photo's answer."""
    files = {"file": ("a.png", picture(seed=100 + seed))}
    began = time.monotonic()
    answer = service.http.post("/api/photos?tasks=probe", files=files)
    assert answer.status_code == 200, answer.text
    return time.monotonic() - began


def test_a_worker_that_is_killed_and_stays_away_raises_its_alert(ran: Service, watched: Prometheus) -> None:
    other = other_worker(ran, "--name", "far")
    try:
        until(lambda: watched.value('darkroom_worker_up{worker="far"}') == 1, 30, "the worker's sign of life")
        assert not _told_of("far", watched)
        other.send_signal(signal.SIGKILL)
    finally:
        other.kill()
        other.communicate(timeout=20)
    told = until(lambda: _told_of("far", watched), 60, "the alert")
    assert told == [{"alertname": "DarkroomWorkerDied", "severity": "warning", "worker": "far"}]
    assert [filled(expr) for _, expr in queries() if "ALERTS{" in expr and watched.ask(expr)]


def _told_of(worker: str, watched: Prometheus) -> list[dict[str, str]]:
    return [alert for alert in watched.firing() if alert.get("worker") == worker]
