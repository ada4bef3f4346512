"""Traces: off unless asked for, and what a collector gets when they are on."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from engines.errors import NotAPicture
from monitoring import tracing
from tests.collector import Collector, collecting

SENDING = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "opentelemetry.proto", "requests")
"""What makes spans and sends them. Other parts of OpenTelemetry are imported by redis-py wherever they are there."""

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({ENDPOINT: "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_TRACES_EXPORTER": "OTLP"}, True),
        ({ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({ENDPOINT: "http://c:4318", "OTEL_SDK_DISABLED": "TRUE"}, False),
    ],
)
def test_the_standard_variables_say_whether_traces_are_wanted(env: dict[str, str], wanted: bool) -> None:
    assert tracing.wanted(env) is wanted


def test_off_nothing_of_it_is_imported() -> None:
    program = (
        "import sys, api.main, tasks.worker\n"
        "from monitoring import tracing\n"
        "tracing.start('api')\n"
        "with tracing.span('a') as span: span.note({'b': 1}); assert tracing.carried() == ''\n"
        f"sys.exit(' '.join({{'monitoring.otel', *{SENDING}}} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_off_a_span_is_always_the_same_that_does_nothing() -> None:
    assert tracing.span("a") is tracing.span("b", {"c": 1}) is tracing.NOTHING


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Begins traces that go to an address; the test ends them."""
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="the extra otel is not installed")

    def start(url: str) -> None:
        monkeypatch.setenv(ENDPOINT, url)
        tracing.start("worker")

    yield start
    tracing.stop()


@pytest.fixture
def collector(started: Callable[[str], None]) -> Iterator[Collector]:
    """Traces of this process, sent when `tracing.stop` is called."""
    with collecting() as made:
        started(made.url)
        yield made


def test_spans_lie_in_each_other_and_go_on_in_another_process(collector: Collector) -> None:
    with tracing.span("request", kind="server"):
        carried = tracing.carried()
        with tracing.span("inner", {"n": 3}) as span:
            span.event("first piece")
            span.note({"darkroom.engine": "classic"})
    assert tracing.carried() == ""
    tracing.waited("queue", {}, carried, time.time() - 2)
    with tracing.span("photo", parent=carried):
        pass
    tracing.stop()
    request, inner, queue, photo = (collector.named(name)[0] for name in ("request", "inner", "queue", "photo"))
    assert {span.trace for span in (inner, queue, photo)} == {request.trace}
    assert {span.parent for span in (inner, queue, photo)} == {request.id}
    assert carried.startswith(f"00-{request.trace}-{request.id}-")
    assert (inner.facts, inner.events) == ({"n": 3, "darkroom.engine": "classic"}, ("first piece",))
    assert 2 <= queue.seconds < 10
    assert request.service == "darkroom-worker"


def test_a_linked_span_begins_a_trace_of_its_own(collector: Collector) -> None:
    with tracing.span("request"):
        with tracing.span("photo", link=tracing.carried()):
            pass
        with tracing.span("again", link="not a traceparent"):
            pass
    tracing.stop()
    request, photo, again = (collector.named(name)[0] for name in ("request", "photo", "again"))
    assert len({request.trace, photo.trace, again.trace}) == 3
    assert (photo.links, again.links, photo.parent) == ((request.id,), (), "")


def test_errors_are_noted_by_their_code_and_never_by_their_text(collector: Collector) -> None:
    for error in (NotAPicture("secret.jpg is none"), ValueError("secret text")):
        with pytest.raises(type(error)), tracing.span(type(error).__name__):
            raise error
    with tracing.span("outer"), tracing.span("told"):
        tracing.fail("queue_timeout")
    tracing.stop()
    names = ("NotAPicture", "ValueError", "told", "outer")
    first, second, told, outer = (collector.named(name)[0] for name in names)
    assert (first.facts, first.failed) == ({"error.type": "not_a_picture"}, True)
    assert (second.facts, second.failed) == ({"error.type": "ValueError"}, True)
    assert (told.facts, told.failed, outer.failed) == ({"error.type": "queue_timeout"}, True, False)
    assert not any(span.events for span in collector.spans)


def test_a_collector_that_hangs_does_not_hold_a_process_up(
    started: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with tracing.span("a"):
            pass
        before = time.monotonic()
        tracing.stop()
        assert time.monotonic() - before < 2
    for thread in threading.enumerate():
        if thread.name == "traces":
            thread.join(15)
