"""A whole service before an engine that does what a test says: its first word is timed, and it comes and goes."""

import json
import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from tests.conftest import Service, picture, until
from tests.contract.my_ocr_client import read
from tests.unit.engines.document.completions import Answer, Server, serving
from tests.vllm.asking import frames, pages, stream

pytestmark = pytest.mark.e2e

WORDS = [f"word{number} " for number in range(40)]
TEXT = "".join(WORDS)
FIRST_DELTA_S = 0.15


@pytest.fixture(scope="module")
def scripted() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture(scope="module")
def before_it(scripted: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with two addresses, of which the first one is dead."""
    with serving() as gone:
        dead = gone.url
    settings = {"LLM_BASE_URL": f"{dead}, {scripted.url}/", "LLM_WAIT_S": "30"}
    made = Service(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("library"), **settings)
    yield made
    made.stop()


def test_the_first_word_is_there_soon_after_the_engine_said_it(before_it: Service, scripted: Server) -> None:
    spent = [first_delta_s(before_it, scripted, seed) for seed in range(7)]

    assert statistics.median(spent) < FIRST_DELTA_S, spent


def first_delta_s(darkroom: Service, scripted: Server, seed: int) -> float:
    """Seconds between the engine's first word and its arrival at a client, for an A4 page."""
    gate = threading.Event()
    asked = len(scripted.requests)
    scripted.says(Answer(WORDS, gate=gate, pause_s=0.01))
    files = {"file": ("a.png", picture(1654, 2339, seed=seed))}
    with darkroom.http.stream("POST", "/api/ocr/image", files=files) as answer:
        lines = (json.loads(line) for line in answer.iter_lines() if line)
        assert next(lines)["type"] == "start"
        until(lambda: len(scripted.requests) > asked, 30, "the page's arrival at the engine")
        said = time.monotonic()
        gate.set()
        assert next(lines)["type"] == "delta"
        return time.monotonic() - said


def test_many_pages_wait_for_an_engine_that_comes_back(before_it: Service, scripted: Server) -> None:
    back = threading.Event()
    starting = Answer(status=502, error={"message": "starting"})
    scripted.answer = lambda number, request: Answer(WORDS) if back.is_set() else starting
    asked = len(scripted.requests)
    came_back = threading.Thread(target=lambda: (until(lambda: len(scripted.requests) > asked + 3), back.set()))
    came_back.start()
    lines = stream(before_it, "/api/ocr/pdf", pages(60, "many"), resolution="tiny")
    came_back.join()

    assert read(lines).pages == dict.fromkeys(range(1, 61), TEXT)
    assert not [frame for frame in frames(lines) if frame["type"] == "error"]


def test_a_document_can_be_cancelled_while_its_pages_wait(before_it: Service, scripted: Server) -> None:
    scripted.says(Answer(status=503, error={"message": "full", "code": 503}))
    asked = len(scripted.requests)
    answer = before_it.http.post("/api/documents", files={"file": ("a.pdf", pages(5, "waiting"))})
    job = answer.json()["task_id"]
    until(lambda: len(scripted.requests) > asked, 30, "a page's refusal")
    before_it.http.post(f"/api/jobs/{job}/cancel").raise_for_status()
    scripted.says(Answer(WORDS))

    lines = stream(before_it, "/api/ocr/image", picture(seed=50))
    assert read(lines).text == TEXT, "the threads are free again"
    assert before_it.http.get(f"/api/jobs/{job}").json()["counts"]["cancelled"] == 5
