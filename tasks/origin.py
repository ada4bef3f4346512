"""Who asked for a piece of work, on its way from the process that was asked to the one that works.

It goes along in a message, or in the options of a job: the request's id, and the trace that it belongs to.
"""

from collections.abc import Mapping
from typing import Any, Final

from monitoring import context, tracing
from monitoring.tracing import Facts, Span
from tasks.analyses import DOCUMENT
from tasks.leases import Lease

KEY: Final = "origin"
"""Of a job's options."""

QUEUE: Final = "messaging.destination.name"


def carried() -> dict[str, str]:
    """What goes along: `request` and `trace`, where there are such."""
    request, trace = context.current().request, tracing.carried()
    found = {"request": request} if request else {}
    return {**found, "trace": trace} if trace else found


def taken(what: str, queue: str, message: Mapping[str, Any]) -> Span:
    """From here on this thread works for who sent a message; the span of that work, beside that of its waiting."""
    context.begin(message.get("request", ""))
    if not tracing.on():
        return tracing.NOTHING
    trace = message.get("trace", "")
    tracing.waited("queue", {QUEUE: queue}, trace, message["sent_at"])
    return tracing.span(what, {QUEUE: queue}, "consumer", trace)


def opened(job_id: str, options: Mapping[str, Any], queue: str, since: float) -> Span:
    """The same for a document that was sent at `since` and whose pages are now listed."""
    asked = options.get(KEY, {})
    context.begin(asked.get("request", ""), job_id)
    trace = asked.get("trace", "")
    tracing.waited("queue", {QUEUE: queue}, trace, since)
    return tracing.span("open", {"darkroom.job_id": job_id}, "consumer", trace)


def at(what: str, lease: Lease, item: int = 0) -> Span:
    """From here on this thread works on an item of a job, or on what is left to do for its items.

    The pages of a document are in the trace of the request that sent it. Photos of a job have traces of their own that
    point there, as there may be a million of them.
    """
    asked = lease.options.get(KEY, {})
    context.begin(asked.get("request", ""), lease.job_id, str(item) if item else "")
    if not tracing.on():
        return tracing.NOTHING
    facts: Facts = {"darkroom.job_id": lease.job_id, "darkroom.item": item}
    trace = asked.get("trace", "")
    if lease.tasks == (DOCUMENT,):
        return tracing.span(what, facts, "consumer", parent=trace)
    return tracing.span(what, facts, "consumer", link=trace)
