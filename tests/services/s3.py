"""An S3 over HTTP on loopback: moto's server, which keeps the protocol and holds everything in memory. It is no S3."""

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

BUCKET: Final = "darkroom-test"


@contextlib.contextmanager
def running() -> Iterator[str]:
    """A new server with one bucket; its BLOB_URL, without a prefix's own folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            assert server.poll() is None, "moto ended"
            assert time.monotonic() < deadline, "moto does not listen"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        _make_bucket(f"http://127.0.0.1:{port}")
        yield f"s3://{BUCKET}?endpoint_url=http://127.0.0.1:{port}&key=test&secret=test"
    finally:
        server.terminate()
        server.wait(10)


def _make_bucket(address: str) -> None:
    import fsspec

    fsspec.filesystem("s3", endpoint_url=address, key="test", secret="test").mkdir(BUCKET)
