"""What the parts of one service must agree on: folders and addresses, as environment variables."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cli import broker

SUPERVISED = "DARKROOM_SUPERVISED"
"""Set for parts whose lines get time and name from the supervisor: to the name."""

METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""Folder in which processes count together."""

PREDECESSOR = "DARKROOM_PREDECESSOR"
"""Names, for a part that is started again, the signal that ended the process before it."""


def data_folder(chosen: Path | None) -> Path:
    """The absolute data folder: the one chosen, else `DARKROOM_HOME`, else the default."""
    folder = chosen or Path(os.environ.get("DARKROOM_HOME") or "~/.local/share/darkroom")
    return Path(os.path.abspath(folder.expanduser()))  # noqa: PTH100  keeps links, as the parts do


def for_parts(home: Path, host: str, port: int, base: Mapping[str, str]) -> dict[str, str]:
    """`base` with everything that the parts of the service in `home` share.

    `REDIS_URL`, `DATABASE_URL` and `BLOB_URL` that are set stay as they are.
    """
    own = {
        "REDIS_URL": f"unix://{broker.socket_path(home)}",
        "DATABASE_URL": f"sqlite:///{home / 'darkroom.db'}",
        "BLOB_URL": f"file://{home / 'spool'}",
    }
    return {
        **base,
        **{name: base.get(name) or value for name, value in own.items()},
        "DARKROOM_HOME": str(home),
        "HOST": host,
        "HTTP_PORT": str(port),
        METRICS: str(home / "run" / "metrics"),
        "METRICS_PORT": "0",
        "PYTHONUNBUFFERED": "1",
    }


def make_folders(home: Path) -> None:
    """Make the folders of a service that starts; what was counted before is dropped, and counted from 0 again."""
    for folder in (home, home / "run", home / "spool"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    metrics = home / "run" / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700)


@contextlib.contextmanager
def counting_together(processes: int) -> Iterator[None]:
    """A folder in which several processes that this one starts count together, unless one is named already."""
    if processes == 1 or METRICS in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="darkroom-metrics-") as folder:
        os.environ[METRICS] = folder
        yield


def program() -> str:
    """The `darkroom` script, so that processes show by that name. Raises FileNotFoundError."""
    for candidate in (Path(sys.executable).with_name("darkroom"), Path(sys.argv[0])):
        if candidate.name == "darkroom" and candidate.is_file():
            return os.path.abspath(candidate)  # noqa: PTH100
    found = shutil.which("darkroom")
    if found is None:
        raise FileNotFoundError(f"There is no darkroom program beside {sys.executable}. Install it with: make setup")
    return found
