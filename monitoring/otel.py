"""The tracer behind `monitoring.tracing`; imported only where traces are wanted."""

import logging
import os
import socket
import threading
import time
from contextvars import Token
from types import TracebackType
from typing import Final

from opentelemetry import context, trace
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from monitoring.tracing import ERROR, Facts

CLOSE_S: Final = 0.8
"""A process that is told to end has few seconds, and a collector may be away."""

KINDS: Final = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "consumer": trace.SpanKind.CONSUMER,
}
SPOKEN: Final = "http/protobuf"
log = logging.getLogger(__name__)


class Tracing:
    """Makes spans and sends them in batches from a thread of its own."""

    def __init__(self, part: str) -> None:
        self._provider = TracerProvider(resource=_resource(part), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_exporter()))
        self._tracer = self._provider.get_tracer("darkroom")
        self._form = TraceContextTextMapPropagator()

    def span(self, name: str, facts: Facts, kind: str, parent: str, link: str) -> "OpenSpan":
        """See `tracing.span`."""
        links = [trace.Link(self._span_context(link))] if link else []
        made = self._tracer.start_span(
            name,
            context=context.Context() if link else self._under(parent),
            kind=KINDS[kind],
            links=[each for each in links if each.context.is_valid],
            attributes=dict(facts),
            record_exception=False,
            set_status_on_exception=False,
        )
        return OpenSpan(made)

    def waited(self, name: str, facts: Facts, parent: str, since: float) -> None:
        """See `tracing.waited`."""
        now = time.time_ns()
        began = min(now, int(since * 1e9))  # clocks of two machines differ
        under = self._under(parent)
        made = self._tracer.start_span(name, context=under, attributes=dict(facts), start_time=began)
        made.end(now)

    def fail(self, code: str) -> None:
        """See `tracing.fail`."""
        OpenSpan(trace.get_current_span()).fail(code)

    def carried(self) -> str:
        """See `tracing.carried`."""
        found: dict[str, str] = {}
        self._form.inject(found)
        return found.get("traceparent", "")

    def close(self) -> None:
        """Send what is left, for CLOSE_S at most."""
        sending = threading.Thread(target=self._provider.shutdown, daemon=True, name="traces")
        sending.start()
        sending.join(CLOSE_S)

    def _under(self, parent: str) -> context.Context | None:
        return self._form.extract({"traceparent": parent}, context.Context()) if parent else None

    def _span_context(self, carried: str) -> trace.SpanContext:
        return trace.get_current_span(self._under(carried)).get_span_context()


class OpenSpan:
    """A `tracing.Span` by OpenTelemetry."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._token: Token[context.Context] | None = None

    def __enter__(self) -> "OpenSpan":
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if error is not None:
            code = getattr(error, "code", None)
            self.fail(code if isinstance(code, str) else type(error).__name__)
        if self._token is not None:
            context.detach(self._token)
        self._span.end()

    def note(self, facts: Facts) -> None:
        """See `tracing.Span`."""
        self._span.set_attributes(dict(facts))

    def event(self, name: str) -> None:
        """See `tracing.Span`."""
        self._span.add_event(name)

    def rename(self, name: str) -> None:
        """See `tracing.Span`."""
        self._span.update_name(name)

    def fail(self, code: str) -> None:
        """See `tracing.Span`."""
        self._span.set_attribute(ERROR, code)
        self._span.set_status(trace.StatusCode.ERROR)


def _resource(part: str) -> Resource:
    """Who makes the spans; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go first."""
    asked = os.environ.get("OTEL_SERVICE_NAME") or SERVICE_NAME + "=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    ours: dict[str, str | int] = {} if asked else {SERVICE_NAME: f"darkroom-{part}"}
    return Resource.create({**ours, "host.name": socket.gethostname(), "process.pid": os.getpid()})


def _exporter() -> SpanExporter:
    """Lines on stdout for `console`, else OTLP over HTTP, which reads its own OTEL_EXPORTER_OTLP_* variables."""
    if os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "console":
        return ConsoleSpanExporter(formatter=lambda span: span.to_json(indent=None) + "\n")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    asked = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if asked and asked != SPOKEN:
        log.warning("OTEL_EXPORTER_OTLP_PROTOCOL=%s is not spoken here, traces go by %s", asked, SPOKEN)
    return OTLPSpanExporter()
