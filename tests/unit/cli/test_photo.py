"""`darkroom photo` against a small server that notes what it is asked."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app

SHA = "ab" * 32
Asked = list[tuple[str, str, Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """What was asked of a service."""
    seen: Asked = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            seen.append((self.command, self.path, json.loads(body) if body else None))
            data = json.dumps({"sha256": SHA}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("DARKROOM_SERVER", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield seen
        server.shutdown()
        thread.join()


def run(*words: str, stdin: str = "") -> Any:
    result = CliRunner().invoke(app, ["photo", *words], input=stdin)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_photo_is_named_by_its_sha256_or_its_file(asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"bytes")
    assert run("show", SHA.upper()) == {"sha256": SHA}
    run("show", str(file))
    assert [path for _, path, _ in asked] == [
        f"/api/photos/{SHA}",
        f"/api/photos/{hashlib.sha256(b'bytes').hexdigest()}",
    ]


def test_what_is_neither_is_not_asked_for(asked: Asked) -> None:
    result = CliRunner().invoke(app, ["photo", "show", "nothing.jpg"])
    assert (result.exit_code, asked) == (2, [])


def test_each_command_asks_for_its_own(asked: Asked) -> None:
    run("reprocess", SHA, "--tasks", "ocr", "--model", "large")
    run("reprocess", SHA, "--tasks", "ocr,clip")
    run("correct", SHA, "-", stdin="Grün\n4\n")
    run("correct", SHA, "--remove")
    run("restore", SHA, "7")
    base = f"/api/photos/{SHA}"
    assert asked == [
        ("POST", f"{base}/reprocess?tasks=ocr&model=large", None),
        ("POST", f"{base}/reprocess?tasks=ocr%2Cclip", None),
        ("PUT", f"{base}/text", {"text": "Grün\n4"}),
        ("DELETE", f"{base}/text", None),
        ("POST", f"{base}/restore", {"history": 7}),
    ]


def test_a_text_and_its_removal_are_not_asked_for_at_once(asked: Asked) -> None:
    for words in (["correct", SHA], ["correct", SHA, "-", "--remove"]):
        assert CliRunner().invoke(app, ["photo", *words]).exit_code == 2
    assert asked == []
