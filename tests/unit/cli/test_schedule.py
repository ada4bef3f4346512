"""`darkroom schedule` against a small server that notes what it is asked."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

KEPT = {"id": "s1", "library": "/photos", "next_at": "2026-11-22T01:30:00.000+00:00"}
Asked = list[tuple[str, str, Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """What was asked of a service that keeps whatever it is told."""
    seen: Asked = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            seen.append((self.command, self.path, json.loads(body) if body else None))
            data = json.dumps({"items": [KEPT]} if self.command == "GET" else KEPT).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("DARKROOM_SERVER", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield seen
        server.shutdown()
        thread.join()


def run(*words: str) -> Any:
    result = CliRunner().invoke(app, ["schedule", *words])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_add_asks_for_a_rescan_by_the_clock(asked: Asked) -> None:
    words = ("add", "30 2 * * *", "/photos", "--tasks", "ocr, clip", "--time-zone", "Asia/Tokyo", "--exclude", "raw")
    assert run(*words) == KEPT
    ((method, path, body),) = asked
    assert (method, path) == ("POST", "/api/schedules")
    assert body == {
        "cron": "30 2 * * *",
        "library": "/photos",
        "tasks": ["ocr", "clip"],
        "time_zone": "Asia/Tokyo",
        "include": [],
        "exclude": ["raw"],
        "force": False,
        "recursive": True,
    }


def test_schedules_are_listed_removed_paused_and_resumed(asked: Asked) -> None:
    assert run("list") == run() == {"items": [KEPT]}
    for command in ("remove", "pause", "resume"):
        assert run(command, "s1") == KEPT
    assert [(method, path) for method, path, _ in asked[2:]] == [
        ("DELETE", "/api/schedules/s1"),
        ("POST", "/api/schedules/s1/pause"),
        ("POST", "/api/schedules/s1/resume"),
    ]


@pytest.mark.parametrize("command", ["add", "list", "remove", "pause", "resume"])
def test_every_command_teaches_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, ["schedule", command, "--help"])
    assert f"Example: darkroom schedule {command}" in " ".join(result.stdout.split())
