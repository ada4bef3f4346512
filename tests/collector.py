"""A collector of traces for tests: OTLP over HTTP, as OpenTelemetry's own clients speak it."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.conftest import until


class Got(NamedTuple):
    """One span as it came in; `parent` and `links` are ids of spans."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    seconds: float
    facts: dict[str, Any]
    events: tuple[str, ...]
    links: tuple[str, ...]
    failed: bool


class Collector:
    """What came in so far, and where to send it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Got] = []

    def named(self, name: str) -> list[Got]:
        """Spans of a name."""
        return [span for span in list(self.spans) if span.name == name]

    def wait(self, *names: str) -> list[Got]:
        """The first span of each name, once all are there."""
        until(lambda: all(self.named(name) for name in names), 20, f"spans {names}")
        return [self.named(name)[0] for name in names]

    def take(self, body: bytes) -> None:
        """Note what a client sends."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = _facts(resource.resource.attributes)["service.name"]
            self.spans += [_got(service, span) for scope in resource.scope_spans for span in scope.spans]


def _got(service: str, span: Any) -> Got:
    return Got(
        service,
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9,
        _facts(span.attributes),
        tuple(event.name for event in span.events),
        tuple(link.span_id.hex() for link in span.links),
        span.status.code == 2,
    )


def _facts(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@contextlib.contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield collector
        server.shutdown()
        thread.join()
