"""A real nginx with the web image's configuration: streams pass line by line, uploads as they come, limits are ours."""

import gzip
import http.server
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.errors import body
from api.limits import _too_large
from api.routes.page import POLICY
from api.settings import ApiSettings
from tests.conftest import Service, picture, until
from tests.services import programs
from tests.sources import ROOT

CONFIG = ROOT / "frontend" / "nginx"
PATIENCE_S = 20
LIMIT_MB = 1


class Backend(http.server.BaseHTTPRequestHandler):
    """Stands for the API, and says when it got what."""

    protocol_version = "HTTP/1.1"
    seen = threading.Event()
    """The other side has what it was to get so far."""

    def do_GET(self) -> None:
        """Two lines; the second one only when the first one has arrived."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._chunk(b'{"type":"start"}\n')
        arrived = self.seen.wait(PATIENCE_S)
        self._chunk(b'{"type":"end"}\n' if arrived else b"the first line was held back\n")
        self._chunk(b"")

    def do_POST(self) -> None:
        """Who asks, as nginx says it; told as soon as the first byte of the body is there."""
        self.rfile.read(1)
        self.seen.set()
        if length := self.headers.get("Content-Length"):
            self.rfile.read(int(length) - 1)
        else:
            while self.rfile.readline() not in (b"0\r\n", b""):
                pass  # chunks of letters, up to the empty one
        said = "|".join(self.headers.get(name, "") for name in ("X-Forwarded-For", "Host")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said)

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def backend() -> Iterator[str]:
    """The address of one that stands for the API."""
    Backend.seen.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def program() -> str:
    found = programs.nginx()
    if found is None:
        pytest.skip(f"no nginx here: {programs.ADVICE}")
    return found


def configure(folder: Path, api: str, port: int) -> list[str]:
    """What the image's start makes of the template, with this folder in the place of /tmp; the command."""
    values = {
        "API": api,
        "LISTEN": f"127.0.0.1:{port}",
        "ASSETS": str(folder / "web"),
        "MAX_UPLOAD_MB": str(LIMIT_MB),
        "NGINX_LOCAL_RESOLVERS": "127.0.0.1",
    }
    server = (CONFIG / "darkroom.conf.template").read_text()
    for name, value in values.items():
        assert f"${{{name}}}" in server, name
        server = server.replace(f"${{{name}}}", value)
    assert "${" not in server, "something that nobody fills in"
    (folder / "darkroom.conf").write_text(server)
    (folder / "nginx.conf").write_text((CONFIG / "nginx.conf").read_text().replace("/tmp/", f"{folder}/"))
    root = "user root;" if os.geteuid() == 0 else ""
    return [program(), "-c", str(folder / "nginx.conf"), "-g", f"daemon off; {root}"]


@pytest.fixture
def web(request: pytest.FixtureRequest, tmp_path: Path, backend: str) -> Iterator[httpx.Client]:
    """nginx in front of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assets = tmp_path / "web" / "assets"
    assets.mkdir(parents=True)
    (assets / "a.js").write_text("plain")
    (assets / "a.js.gz").write_bytes(gzip.compress(b"packed"))
    command = configure(tmp_path, getattr(request, "param", backend), port)
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=20)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, trust_env=False) as client:
        try:
            until(lambda: _listens(port), 10, "nginx")
            yield client
        finally:
            server.terminate()
            server.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_line_of_a_stream_is_seen_before_the_next_one_is_written(web: httpx.Client) -> None:
    with web.stream("GET", "/api/jobs/x/events", headers={"Accept-Encoding": "gzip"}) as answer:
        lines = answer.iter_lines()
        assert next(lines) == '{"type":"start"}'
        Backend.seen.set()
        assert next(lines) == '{"type":"end"}'
        assert "content-encoding" not in answer.headers


def test_an_upload_is_passed_on_while_it_comes_in(web: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * 1000
        assert Backend.seen.wait(PATIENCE_S), "nginx waits for the whole upload"
        yield b"x"

    assert web.post("/api/photos", content=pieces()).status_code == 200


def test_nobody_can_say_that_somebody_else_asks(web: httpx.Client) -> None:
    answer = web.post("/api/photos", content=b"x", headers={"X-Forwarded-For": "10.1.2.3"})
    assert answer.text == f"127.0.0.1|127.0.0.1:{web.base_url.port}"


def test_an_upload_over_the_services_limit_is_refused_in_its_words(web: httpx.Client) -> None:
    answer = web.post("/api/photos", content=b"x" * (LIMIT_MB * 2**20 + 1))
    error = _too_large(ApiSettings(max_upload_mb=LIMIT_MB))
    assert (answer.status_code, answer.json()) == (413, body(error.code, str(error), error.hint))
    assert answer.headers["content-type"] == "application/json"
    assert web.post("/api/photos", content=b"x" * (LIMIT_MB * 2**20)).status_code == 200, "the limit itself"


def test_the_pages_files_come_packed_and_with_the_apis_policy(web: httpx.Client) -> None:
    packed = web.get("/assets/a.js", headers={"Accept-Encoding": "gzip"})
    assert packed.text == "packed"
    plain = web.get("/assets/a.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == "plain"
    for answer in (packed, plain):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in answer.headers["cache-control"]


@pytest.mark.e2e
def test_the_whole_service_answers_through_it(service: Service, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nginx = subprocess.Popen(configure(tmp_path, service.url.removeprefix("http://"), port), stderr=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port), 10, "nginx")
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            assert client.get("/readyz").json()["ready"] is True
            answer = client.post("/api/photos?tasks=probe", files={"file": ("a.png", picture())})
            assert answer.status_code == 200, answer.text
            job = client.post("/api/jobs", files={"files": ("a.png", picture())}, data={"tasks": "probe"}).json()[
                "task_id"
            ]
            with client.stream("GET", f"/api/jobs/{job}/events") as frames:
                assert '"type":"end"' in [line for line in frames.iter_lines() if line][-1]
    finally:
        nginx.terminate()
        nginx.wait(10)
