"""A small server that plays the service's part for the client commands."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

Answer = tuple[int, dict[str, str], Any]


class Service:
    """Accepts jobs and plays their frames back.

    Attributes:
        libraries: whether folders may be read by path.
        plain: whether letters travel as UTF-8, a few bytes at a time, instead of escaped.
        refusals: answers that are given to submissions before any is accepted.
        largest: files that fit into one upload; more are answered with 413.
        cuts: after so many frames the connection breaks, once for each entry.
        jobs: frames by job.
        requests: for libraries.
        uploads: names of the files of each accepted upload.
        seen: (method, path with query) of every request.
    """

    def __init__(self) -> None:
        self.libraries = False
        self.plain = False
        self.refusals: list[Answer] = []
        self.largest = 1000
        self.failing: set[str] = set()
        self.cuts: list[int] = []
        self.jobs: dict[str, list[dict[str, Any]]] = {}
        self.requests: list[dict[str, Any]] = []
        self.uploads: list[list[str]] = []
        self.seen: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    def submit(self, names: list[str]) -> Answer:
        """Accept a job of files."""
        if self.refusals:
            return self.refusals.pop(0)
        if len(names) > self.largest:
            return 413, {}, error("too_large", "The upload is over 1 MiB.")
        job = f"job{len(self.jobs) + 1}"
        self.uploads.append(names)
        self.jobs[job] = frames(job, names, self.failing)
        return 202, {}, {"task_id": job}

    def by_path(self, request: dict[str, Any]) -> Answer:
        """Accept or refuse a library."""
        if not self.libraries:
            return 403, {}, error("path_not_allowed", "Not under LIBRARY_ROOTS.")
        return self.submit([f"{request['library']}/a.jpg"])


def error(code: str, message: str, hint: str | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "hint": hint}}


def frames(job: str, names: list[str], failing: set[str]) -> list[dict[str, Any]]:
    """What a job of these files says from start to end."""
    said: list[dict[str, Any]] = [{"type": "start"}]
    for number, name in enumerate(names, 1):
        item: dict[str, Any] = {"type": "item", "item_id": number, "name": name, "status": "done", "error": None}
        item["results"] = {"ocr": {"lines": [{"text": "Hello"}]}}
        if name in failing:
            item |= {"status": "failed", "results": {}, "error": {"code": "not_a_picture", "message": "No picture."}}
        said.append(item)
    said.append({"type": "end", "state": "completed", "counts": {"total": len(names)}})
    return [{**frame, "seq": seq, "task_id": job} for seq, frame in enumerate(said, 1)]


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self._note()
            kind = self.headers["content-type"]
            if kind == "application/json":
                service.requests.append(json.loads(body))
                self._answer(service.by_path(service.requests[-1]))
                return
            if kind == "application/jsonl":
                self._answer(service.submit([json.loads(line)["path"] for line in body.splitlines()]))
                return
            parts = BytesParser(policy=HTTP).parsebytes(f"content-type: {kind}\r\n\r\n".encode() + body)
            names = [str(part.get_filename()) for part in parts.iter_parts() if part.get_filename()]
            self._answer(service.submit(names))

        def do_GET(self) -> None:
            self._note()
            at = urlsplit(self.path)
            job = at.path.split("/")[3] if at.path.count("/") > 2 else ""
            if job not in service.jobs:
                self._answer((404, {}, error("job_not_found", f"There is no job {job}.", "darkroom jobs list")))
                return
            after = int(parse_qs(at.query).get("after", ["0"])[0])
            self._stream([frame for frame in service.jobs[job] if frame["seq"] > after])

        def _stream(self, said: list[dict[str, Any]]) -> None:
            cut = service.cuts.pop(0) if service.cuts else None
            self.send_response(200)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for frame in said[:cut]:
                line = json.dumps(frame, ensure_ascii=not service.plain).encode() + b"\n\n"
                for at in range(0, len(line), 7 if service.plain else len(line)):
                    self._chunk(line[at : at + 7] if service.plain else line)
            if cut is not None:
                self._chunk(b'{"seq": 99, "type": "it')  # in the middle of a line, without an end
                self.close_connection = True
                return
            self._chunk(b"")

        def _chunk(self, data: bytes) -> None:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

        def _answer(self, answer: Answer) -> None:
            status, headers, body = answer
            data = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"content-length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def _note(self) -> None:
            service.seen.append((self.command, self.path))
            service.headers.append({name.lower(): value for name, value in self.headers.items()})

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


class _Server(ThreadingHTTPServer):
    """Ends with its last connection, and does not write into the stderr of the command that is tested."""

    daemon_threads = False

    def handle_error(self, *_: object) -> None:
        """A client that has left is none of the server's business."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A running Service, found by clients through DARKROOM_SERVER."""
    for name in ("API_AUTH_KEY", "DARKROOM_SERVER"):
        monkeypatch.delenv(name, raising=False)
    playing = Service()
    server = _Server(("127.0.0.1", 0), _handler(playing))
    playing.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("DARKROOM_SERVER", playing.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield playing
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """What a command sets for its own process ends with the test: its stderr does too."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def naps() -> tuple[list[float], Callable[[float], None]]:
    """What code asked to sleep for, and a sleep that only notes it."""
    asked: list[float] = []
    return asked, asked.append
