"""A client that does not read costs the API next to nothing, and gets every frame when it reads on."""

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


def test_a_reader_that_stops_reading_holds_no_memory_and_misses_nothing(service: Service) -> None:
    folder = service.library / "slow"
    folder.mkdir()
    data = picture(seed=77)
    count = 3000
    for number in range(count):
        (folder / f"{number:04}-{'x' * 200}.png").write_bytes(data + number.to_bytes(4, "big"))
    job = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 120, "the job's end")
    api = service.part("darkroom api")
    before = api.memory_info().rss
    stalled = [stalled_reader(service.url, f"/api/jobs/{job}/events") for _ in range(20)]
    assert service.http.get("/livez").status_code == 200
    grown = api.memory_info().rss - before
    assert grown < 20 * 2**20, f"20 stalled readers of {count} frames cost {grown / 2**20:.0f} MiB"
    seqs = [json.loads(line)["seq"] for line in read_on(stalled[0])]
    for connection in stalled:
        connection.close()
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) > count


def stalled_reader(url: str, path: str) -> socket.socket:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode())
    connection.recv(64)
    return connection


def read_on(connection: socket.socket) -> list[bytes]:
    received = b""
    while chunk := connection.recv(1 << 20):
        received += chunk
    # The head and the sizes of chunks stand between; frames are the lines that are JSON objects.
    return [line for line in received.split(b"\n") if line.startswith(b'{"seq"')]
