"""Traces by OpenTelemetry, where somebody collects them; else nothing of it is imported and a span costs nothing.

`start` looks at the standard OTEL_* variables once a process. What is in a span are ids, models, numbers and stable
codes of errors, never a name of a file or a text.
"""

import importlib.util
import logging
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final, Literal, Protocol

if TYPE_CHECKING:
    from monitoring.otel import Tracing

Facts = Mapping[str, str | int | float]
Kind = Literal["internal", "server", "consumer"]
PLACES: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
ERROR: Final = "error.type"
NO_FACTS: Final[Facts] = MappingProxyType({})
log = logging.getLogger(__name__)


class Span(Protocol):
    """A piece of work that is timed. It ends with its block; an error that leaves the block is noted by its code."""

    def __enter__(self) -> "Span": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def note(self, facts: Facts) -> None:
        """Add attributes that became known."""
        ...

    def event(self, name: str) -> None:
        """Something happened now."""
        ...

    def rename(self, name: str) -> None:
        """Give it a name that became known."""
        ...

    def fail(self, code: str) -> None:
        """It failed, for a reason with this stable code."""
        ...


class _Nothing:
    """The span of a process that makes none."""

    __slots__ = ()

    def __enter__(self) -> "_Nothing":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def note(self, _facts: Facts) -> None:
        pass

    def event(self, _name: str) -> None:
        pass

    def rename(self, _name: str) -> None:
        pass

    def fail(self, _code: str) -> None:
        pass


NOTHING: Final = _Nothing()
_tracing: "Tracing | None" = None


def wanted(env: Mapping[str, str]) -> bool:
    """Whether the OTEL_* variables ask for traces."""
    if env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = env.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    return exporter in ("otlp", "console") or (not exporter and any(env.get(place) for place in PLACES))


def start(part: str) -> None:
    """Make traces in this process from here on, if they are wanted.

    Args:
        part: which of our programs this is, `api` or `worker`.
    """
    global _tracing
    if _tracing is not None or not wanted(os.environ):
        return
    if importlib.util.find_spec("opentelemetry.sdk") is None:
        log.warning(
            "OTEL_* asks for traces, but OpenTelemetry is not installed: %s -m pip install 'darkroom[otel]'",
            sys.executable,
        )
        return
    from monitoring.otel import Tracing

    _tracing = Tracing(part)


def stop() -> None:
    """Send what is left, in bounded time, and make no more."""
    global _tracing
    tracing, _tracing = _tracing, None
    if tracing is not None:
        tracing.close()


def on() -> bool:
    """Whether traces are made."""
    return _tracing is not None


def span(name: str, facts: Facts = NO_FACTS, kind: Kind = "internal", parent: str = "", link: str = "") -> Span:
    """A span under the one that is open here.

    Args:
        name: with few values.
        facts: its attributes.
        kind: `server` for a request, `consumer` for work from a queue.
        parent: `carried` of another process, under whose span it belongs in place of one that is open here.
        link: the same, where it is the cause and the span the first of a trace of its own.
    """
    if _tracing is None:
        return NOTHING
    return _tracing.span(name, facts, kind, parent, link)


def waited(name: str, facts: Facts, parent: str, since: float) -> None:
    """A span that ends now and began at `since` (seconds since 1970), in another process."""
    if _tracing is not None:
        _tracing.waited(name, facts, parent, since)


def fail(code: str) -> None:
    """The span that is open here failed, for a reason with this stable code."""
    if _tracing is not None:
        _tracing.fail(code)


def carried() -> str:
    """The W3C `traceparent` of the span that is open here; empty where none is made."""
    return "" if _tracing is None else _tracing.carried()
