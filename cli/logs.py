"""One form of log line for all parts: time, part, message."""

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from cli.environment import SUPERVISED
from tasks.names import visible

NAME_WIDTH = 16


def writer(colour: bool | None = None) -> Callable[[str, str], None]:
    """A function (part, message) that writes one line to stderr; in colour only on a terminal by default."""
    if colour is None:
        colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    dim, strong, plain = ("\x1b[2m", "\x1b[36m", "\x1b[0m") if colour else ("", "", "")

    def write(part: str, message: str) -> None:
        at = time.strftime("%Y-%m-%d %H:%M:%S")
        try:
            sys.stderr.write(f"{dim}{at}{plain}  {strong}{part:<{NAME_WIDTH}}{plain} {message}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # whoever read the log is gone; the service goes on

    return write


def configure(part: str) -> None:
    """Send what this process logs to stderr; under `darkroom up`, which adds them, without time and name."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Line(None if os.environ.get(SUPERVISED) else part))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)


class _Line(logging.Formatter):
    """`warning: message` for what needs attention, the bare message for the rest.

    A message is one line, whatever is in the names that it tells of; lines of a trace are set in.
    """

    def __init__(self, part: str | None) -> None:
        super().__init__()
        self.part = part

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        if record.levelno >= logging.WARNING:
            line = f"{record.levelname.lower()}: {line}"
        if self.part is None:
            return line
        return f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {self.part:<{NAME_WIDTH}} {line}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, logging's own name
        return visible(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return "\n".join(f"    {visible(line)}" for line in super().formatException(ei).split("\n"))
