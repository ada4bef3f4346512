"""The reference server as a process of its own, for a while."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import IO, NamedTuple

import psutil

from cli.bench.reference.setting import Setting
from cli.bench.weights import Weights
from cli.child import bound_to, end
from cli.errors import CommandError

STOP_S = 10.0


class Running(NamedTuple):
    """Its address and its process."""

    url: str
    process: psutil.Process


@contextlib.contextmanager
def running(weights: Weights, settings: Mapping[str, Setting]) -> Iterator[Running]:
    """Serve the rows that `settings` names. Raises CommandError where it does not start."""
    asked = {
        "cache": str(weights.cache),
        "clip": weights.clip,
        "faces": weights.faces,
        "settings": {subject: asdict(setting) for subject, setting in settings.items()},
    }
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "cli.bench.reference", json.dumps(asked)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            preexec_fn=bound_to(os.getpid()),
        )
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            if not port:
                raise CommandError(f"The reference server did not start:\n{_end(errors)}")
            yield Running(f"http://127.0.0.1:{port}", psutil.Process(process.pid))
        finally:
            end(process, STOP_S)


def _end(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode("utf-8", "replace")[-2000:]
