"""A line of the log as one JSON object, for programs that collect logs."""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from cli.log_secrets import masked
from monitoring import context, tracing

LONGEST: Final = 15_000
"""Bytes of a line: the supervisor cuts longer ones, and half an object is none."""

MARK: Final = '{"time":'
SAID: Final = ("message", "exception")
FACTS: Final = ("method", "route", "status", "seconds", "bytes")
"""What a line of the access log says in fields of its own."""


class JsonLine(logging.Formatter):
    """time, level, part, message, logger, and where they are known request_id, job_id, item, trace_id, exception."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self.part = part

    def format(self, record: logging.LogRecord) -> str:
        origin = context.current()
        fields: dict[str, Any] = {
            **head(record.levelname.lower(), self.part, record.getMessage(), record.created),
            "logger": record.name,
            "request_id": origin.request,
            "job_id": origin.job,
            "item": origin.item,
            "trace_id": tracing.carried()[3:35],
            **{name: value for name in FACTS if (value := getattr(record, name, None)) is not None},
        }
        if record.exc_info and record.exc_info[0] is not None:
            fields["exception"] = self.formatException(record.exc_info)
        return line({name: value for name, value in fields.items() if value != ""})


def head(level: str, part: str, message: str, at: float) -> dict[str, Any]:
    """The fields that every line has; `at` in seconds since 1970."""
    time = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"time": time, "level": level, "part": part, "message": message.rstrip("\n")}


def line(fields: dict[str, Any]) -> str:
    """Fields as one line without secrets; a long one loses the end of its message and the beginning of its trace."""
    fields |= {name: masked(fields[name]) for name in SAID if name in fields}
    written = _dump(fields)
    room = LONGEST
    while len(written) > LONGEST:
        room //= 2
        fields |= {name: _cut(name, fields[name], room) for name in SAID if name in fields}
        written = _dump(fields)
    return written


def _cut(name: str, said: str, room: int) -> str:
    return said[:room] if name == "message" else said[-room:]


def _dump(fields: dict[str, Any]) -> str:
    """In ASCII, so that no terminal, no pipe and no cut in the middle of a letter can harm it."""
    return json.dumps(fields, separators=(",", ":"))


def whole(text: str, part: str) -> bool:
    """Whether a line that a part wrote is such an object already, of that part."""
    if not text.startswith(MARK):
        return False
    try:
        fields = json.loads(text)
    except ValueError:
        return False
    return isinstance(fields, dict) and fields.get("part") == part and "level" in fields
