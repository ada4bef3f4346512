"""Traces of a whole service, as a collector gets them: from the request through the queue to the engine."""

import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.collector import Collector, Got, collecting
from tests.conftest import Service, picture, until
from tests.pdfs import pdf

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra otel is not installed")
pytestmark = pytest.mark.e2e
PARENT = "00f067aa0ba902b7"
NAME, TEXT = "holiday", "Paris"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


@pytest.fixture(scope="module")
def traced(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that sends its traces soon."""
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100", "CLIP_FALLBACK": "concepts"}
    made = Service(tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("library"), **env)
    yield made
    made.stop()


@pytest.fixture
def trace() -> str:
    """The trace of a test."""
    return uuid.uuid4().hex


def family(spans: list[Got]) -> dict[str, str]:
    """The names of spans, and of those that they are under."""
    names = {span.id: span.name for span in spans}
    return {span.name: names.get(span.parent, span.parent) for span in spans}


def of(collector: Collector, trace: str, *names: str) -> list[Got]:
    """Spans of a trace, once all these are there; processes send theirs when they like."""

    def look() -> list[Got]:
        found = [span for span in list(collector.spans) if span.trace == trace]
        return found if Counter(names) <= Counter(span.name for span in found) else []

    return until(look, 20, f"spans {names}")


def test_a_photo_from_the_request_through_the_queue_to_the_engine(
    traced: Service, collector: Collector, trace: str
) -> None:
    files = {"file": (f"{NAME}.png", picture(text=TEXT))}
    given = {"traceparent": f"00-{trace}-{PARENT}-01", "X-Request-ID": "r1"}
    assert traced.http.post("/api/photos?tasks=ocr,clip", files=files, headers=given).status_code == 200
    spans = of(collector, trace, "POST /api/photos", "photo", "store", "clip")
    found = family(spans)
    wanted = {
        "POST /api/photos": PARENT,
        "queue": "POST /api/photos",
        "photo": "POST /api/photos",
        "decode": "photo",
        "ocr": "photo",
        "detect": "ocr",
        "recognise": "ocr",
        "clip": "photo",
        "store": "photo",
    }
    assert {name: found.get(name) for name in wanted} == wanted
    by_name = {span.name: span for span in spans}
    request = by_name["POST /api/photos"]
    assert request.facts == {
        "http.request.method": "POST",
        "http.route": "/api/photos",
        "http.response.status_code": 200,
        "darkroom.request_id": "r1",
    }
    assert by_name["queue"].facts == {"messaging.destination.name": "interactive.photo"}
    assert {span.service for span in (request, by_name["photo"])} == {"darkroom-api", "darkroom-worker"}
    assert by_name["queue"].seconds + by_name["ocr"].seconds < request.seconds
    _names_nothing(collector)


def test_the_pages_of_a_document_and_their_first_piece(traced: Service, collector: Collector, trace: str) -> None:
    files = {"file": (f"{NAME}.pdf", pdf([[TEXT], [TEXT, "two"]]))}
    given = {"traceparent": f"00-{trace}-{PARENT}-01"}
    answer = traced.http.post("/api/ocr/pdf", files=files, headers=given)
    assert answer.status_code == 200
    spans = of(collector, trace, "POST /api/ocr/pdf", "open", "queue", *["page", "render", "read"] * 2, "store")
    pages = [span for span in spans if span.name == "page"]
    assert len(pages) == 2
    found = family(spans)
    assert (found["page"], found["open"], found["queue"]) == ("POST /api/ocr/pdf",) * 3
    assert (found["render"], found["read"]) == ("page", "page")
    reads = [span for span in spans if span.name == "read"]
    assert [span.events for span in reads] == [("first piece",)] * 2
    assert {span.facts["darkroom.page"] for span in reads} == {1, 2}
    _names_nothing(collector)


def test_photos_of_a_job_have_traces_of_their_own_and_what_fails_its_code(
    traced: Service, collector: Collector, trace: str
) -> None:
    files = [("files", (f"{NAME}.png", picture())), ("files", (f"{NAME}.txt", b"no picture"))]
    given = {"traceparent": f"00-{trace}-{PARENT}-01"}
    assert traced.http.post("/api/jobs", files=files, data={"tasks": "probe"}, headers=given).status_code == 202
    (request,) = of(collector, trace, "POST /api/jobs")

    def linked() -> list[Got]:
        return [span for span in collector.named("photo") if span.links == (request.id,)]

    until(lambda: len(linked()) == 2, 20, "both photos")
    good, bad = sorted(linked(), key=lambda span: span.failed)
    assert len({good.trace, bad.trace, trace}) == 3
    assert (good.failed, bad.failed, bad.facts["error.type"]) == (False, True, "not_a_picture")
    _names_nothing(collector)


def test_a_request_that_is_refused_is_told_by_its_code_and_is_no_failure(
    traced: Service, collector: Collector, trace: str
) -> None:
    given = {"traceparent": f"00-{trace}-{PARENT}-01"}
    assert traced.http.get("/api/jobs/nothing", headers=given).status_code == 404
    (span,) = of(collector, trace, "GET /api/jobs/{job_id}")
    assert (span.facts["error.type"], span.failed) == ("job_not_found", False)


def _names_nothing(collector: Collector) -> None:
    """No name of a file and no text is in any span."""
    said = " ".join(f"{span.name} {span.facts} {span.events}" for span in list(collector.spans))
    assert NAME not in said
    assert TEXT not in said
