"""A Redis of its own on a unix socket in a temporary folder."""

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def running(program: str, *words: str) -> Iterator[str]:
    """A new server that keeps nothing on disk; its URL.

    Args:
        program: `redis-server` or `valkey-server`.
        words: more of its options.
    """
    folder = tempfile.mkdtemp(prefix="dr-")
    address = Path(folder, "s")
    server = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(address), "--save", "", "--dir", folder, *words],
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while not address.exists():
            assert server.poll() is None, f"{program} ended with {server.returncode}"
            assert time.monotonic() < deadline, f"{program} does not listen"
            time.sleep(0.02)
        yield f"unix://{address}"
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
