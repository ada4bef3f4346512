"""One form of log line for all parts: time, part, message; or JSON where LOG_FORMAT says so."""

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from cli.environment import SUPERVISED
from cli.log_json import JsonLine, head, line, whole
from cli.log_secrets import masked
from monitoring import context
from tasks.names import visible

NAME_WIDTH = 16
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
TALKATIVE: Final = (
    *("httpx", "httpcore", "urllib3", "botocore", "aiobotocore", "s3fs", "fsspec", "openai", "redis"),
    *("celery", "kombu", "amqp", "sqlalchemy", "alembic", "multipart", "python_multipart", "PIL"),
)
"""Libraries that tell of every request, task or statement, with all that is in it; only their warnings are of use."""


def as_json() -> bool:
    """Whether LOG_FORMAT asks for objects."""
    return os.environ.get("LOG_FORMAT", "").strip().lower() == "json"


def writer(colour: bool | None = None) -> Callable[[str, str], None]:
    """A function (part, message) that writes one line to stderr; in colour only on a terminal by default.

    A line that a part wrote as an object goes through as it is.
    """
    form = _object if as_json() else _plain(colour)

    def write(part: str, message: str) -> None:
        try:
            sys.stderr.write(form(part, message) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # whoever read the log is gone; the service goes on

    return write


def _plain(colour: bool | None) -> Callable[[str, str], str]:
    if colour is None:
        colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    dim, strong, plain = ("\x1b[2m", "\x1b[36m", "\x1b[0m") if colour else ("", "", "")

    def form(part: str, message: str) -> str:
        at = time.strftime("%Y-%m-%d %H:%M:%S")
        return f"{dim}{at}{plain}  {strong}{part:<{NAME_WIDTH}}{plain} {masked(message)}"

    return form


def _object(part: str, message: str) -> str:
    if whole(message, part):
        return message
    level, colon, rest = message.partition(": ")
    if not colon or level.lower() not in LEVELS:
        level, rest = "info", message
    return line(head(level.lower(), part, rest, time.time()))


def configure(part: str) -> None:
    """Send what this process logs to stderr; under `darkroom up`, which adds them, without time and name.

    Raises:
        ValidationError: LOG_FORMAT or LOG_LEVEL cannot be understood.
    """
    from cli.log_settings import LogSettings

    settings, supervised = LogSettings(), os.environ.get(SUPERVISED)
    handler = logging.StreamHandler()
    form = JsonLine(supervised or part) if settings.log_format == "json" else _Line(None if supervised else part)
    handler.setFormatter(form)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


class _Line(logging.Formatter):
    """`warning: message` for what needs attention, with the request or the job; the bare message for the rest.

    A message is one line, whatever is in the names that it tells of; lines of a trace are set in.
    """

    def __init__(self, part: str | None) -> None:
        super().__init__()
        self.part = part

    def format(self, record: logging.LogRecord) -> str:
        said = masked(super().format(record))
        if record.levelno >= logging.WARNING:
            said = f"{record.levelname.lower()}: {said}"
        if self.part is None:
            return said
        return f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {self.part:<{NAME_WIDTH}} {said}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, logging's own name
        said = visible(super().formatMessage(record).rstrip("\n"))
        return said + _whose() if record.levelno >= logging.WARNING else said

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(f"    {visible(line)}" for line in super().formatException(ei).split("\n"))


def _whose() -> str:
    origin = context.current()
    named = [f"{what} {one}" for what, one in zip(origin._fields, origin, strict=True) if one]
    return f" [{', '.join(named)}]" if named else ""
