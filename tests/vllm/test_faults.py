"""What goes wrong in or around a real engine, and what a page makes of it."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np
import pytest

from engines.document.errors import DocumentError, EngineDown
from engines.document.page import Page
from engines.document.remote import RemoteEngine
from engines.document.types import Delta, PageOptions, PageResult
from engines.errors import EngineError, InferenceFailed, ModelUnknown
from engines.images import Image
from tests.conftest import Service, picture, until
from tests.contract.my_ocr_client import read
from tests.unit.engines.document.completions import Answer, serving
from tests.vllm.asking import frames, pages, stream
from tests.vllm.rig.server import MODEL, Vllm
from tests.vllm.rig.transcripts import BEFORE_CIRCLE, INVOICE, LONG

pytestmark = pytest.mark.e2e

Make = Callable[..., RemoteEngine]
PAGE = Page(Image(np.full((500, 400, 3), 250, np.uint8), 400, 500, "PNG"), None)
IDLE_S = 6
"""More than a machine with other work takes for the first word of a page."""
DESCRIBE = PageOptions(mode="describe", resolution="tiny")


def begin(reader: RemoteEngine, options: PageOptions = DESCRIBE) -> Iterator[Delta | PageResult]:
    """A page of which the first pieces have come."""
    events = reader.read(PAGE, options, lambda: False)
    for _ in range(5):
        assert isinstance(next(events), Delta)
    return events


def end(events: Iterator[Delta | PageResult]) -> PageResult:
    *_, result = events
    assert isinstance(result, PageResult)
    return result


@pytest.mark.parametrize(
    ("settings", "prompt", "error", "hint"),
    [
        ({"llm_api_key": "another"}, None, DocumentError, "LLM_API_KEY"),
        ({"llm_model": "another/model"}, None, ModelUnknown, "LLM_MODEL"),
        ({}, "a prompt that is too long " * 2000, InferenceFailed, ""),
    ],
)
def test_what_the_engine_refuses_fails_at_once_and_says_why(
    engine: Make, settings: dict[str, str], prompt: str | None, error: type[EngineError], hint: str
) -> None:
    with pytest.raises(error) as raised:
        end(engine(**settings, llm_wait_s=60).read(PAGE, PageOptions("ocr", prompt, "tiny"), lambda: False))
    assert hint in str(raised.value.hint or "")


def test_when_the_engine_falls_silent_pages_go_on_elsewhere_or_fail(engine: Make, vllm: Vllm) -> None:
    with serving() as other:
        other.says(Answer([LONG]))
        # Of two free servers the first one has its turn first.
        safe = begin(engine(other.url, llm_idle_timeout_s=IDLE_S))
        vllm.signal(signal.SIGSTOP)
        try:
            result = end(safe)
            with pytest.raises(EngineDown):
                end(engine(llm_idle_timeout_s=IDLE_S).read(PAGE, DESCRIBE, lambda: False))
        finally:
            vllm.signal(signal.SIGCONT)

    assert result.markdown == LONG, "no mark is lost, and none comes twice"
    assert result.notes == ("The engine broke off; the page was read again.",)


def test_a_page_that_is_left_frees_its_place_in_the_engine(engine: Make, vllm: Vllm) -> None:
    page = engine().read(PAGE, DESCRIBE, lambda: False)
    next(page)
    until(lambda: vllm.running() == 1, 10, "the page in work")
    page.close()
    left = time.monotonic()
    until(lambda: vllm.running() == 0, 10, "its end")

    assert time.monotonic() - left < 5, "long before its text would have been at its end"


def test_a_client_that_leaves_frees_the_place_in_the_engine(darkroom: Service, vllm: Vllm) -> None:
    form = {"mode": "describe", "resolution": "tiny", "cancel_on_disconnect": "true"}
    files = {"file": ("a.png", picture(400, 500, seed=21))}
    with darkroom.http.stream("POST", "/api/ocr/image", files=files, data=form) as answer:
        started, *_ = frames(islice(answer.iter_lines(), 3))
    until(lambda: vllm.running() == 0, 10, "the end of its page")
    job = started["task_id"]
    until(lambda: darkroom.http.get(f"/api/jobs/{job}").json()["state"] == "cancelled", 10, "the document's end")


def test_a_page_in_circles_is_read_by_the_classic_engine_and_its_end_says_so(darkroom: Service) -> None:
    lines = stream(
        darkroom, "/api/ocr/pdf", pages(1, "a page in circles"), prompt="Parse the figure.", resolution="tiny"
    )
    (ended,) = (frame for frame in frames(lines) if frame["type"] == "page_end")

    assert ended["engine"] == "classic", ended
    assert "at temperature 0.4" in ended["notes"][0]
    assert "The classic engine read the page." in ended["notes"]
    text = read(lines).pages[1]
    assert text.startswith(BEFORE_CIRCLE)
    assert text.rstrip().endswith("Page 1 of a page in circles.")
    assert text.count("amber0") <= 2


def test_a_worker_that_stops_in_the_middle_of_pages_loses_nothing(darkroom: Service) -> None:
    form = {"mode": "describe", "resolution": "tiny"}
    files = {"file": ("a.pdf", pages(4, "a worker that stops"))}
    with darkroom.http.stream("POST", "/api/ocr/pdf", files=files, data=form, timeout=120) as answer:
        lines = answer.iter_lines()
        seen = list(islice(lines, 8))
        worker = darkroom.part("--queues document")
        worker.send_signal(signal.SIGTERM)
        stopped = time.monotonic()
        worker.wait(10)
        assert time.monotonic() - stopped < 5
        seen += lines

    assert read(seen).pages == dict.fromkeys(range(1, 5), LONG)


@pytest.mark.timeout(400)  # it starts an engine
def test_killed_in_the_middle_of_pages(engine: Make, darkroom: Service, vllm: Vllm) -> None:
    """With another address the page goes on there; alone it waits for the engine to come back, as long as it may."""
    seen: list[str] = []
    ask = {"mode": "describe", "resolution": "tiny"}
    waits = threading.Thread(target=follow, args=(darkroom, pages(2, "a killed engine"), ask, seen))
    with serving() as other:
        other.says(Answer([LONG]))
        waits.start()
        until(lambda: len(read(seen[:]).pages) == 2, 60, "two pages in work")
        with ThreadPoolExecutor() as pool:
            alone, safe = pool.map(begin, (engine(), engine(other.url)))
        vllm.kill()
        assert end(safe).markdown == LONG
        with pytest.raises(EngineDown, match="does not answer"):
            end(alone)
    vllm.start()
    late = stream(darkroom, "/api/ocr/pdf", pages(3, "an engine that starts"), resolution="tiny")
    waits.join(120)

    assert read(late).pages == dict.fromkeys(range(1, 4), INVOICE)
    assert read(seen).pages == dict.fromkeys(range(1, 3), LONG)
    ends = [frame for frame in frames(seen) if frame["type"] == "page_end"]
    assert {frame["engine"] for frame in ends} == {MODEL}
    assert all("The engine broke off; the page was read again." in frame["notes"] for frame in ends)


def follow(darkroom: Service, data: bytes, form: dict[str, str], seen: list[str]) -> None:
    """Stream a PDF into `seen`."""
    with darkroom.http.stream("POST", "/api/ocr/pdf", files={"file": ("a.pdf", data)}, data=form, timeout=300) as told:
        seen.extend(told.iter_lines())
