"""A hub on this machine: it speaks Hugging Face's protocol, and fails where it is told to."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Hub(ThreadingHTTPServer):
    """Serves repositories of files.

    Attributes:
        repositories: name -> path -> bytes.
        cuts: path -> lengths after which the connection is cut, one for each time it is asked for.
        statuses: path -> statuses to fail with first.
        lies: paths whose listed digest is wrong.
        asked: (path, Range header) of every file that was asked for.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.cuts: dict[str, list[int]] = {}
        self.statuses: dict[str, list[int]] = {}
        self.lies: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/api/models/"):
            self._list(path.removeprefix("/api/models/").removesuffix("/tree/main"))
        else:
            self._file(path.lstrip("/"))

    def _list(self, name: str) -> None:
        files = self.server.repositories.get(name)
        if files is None:
            self._answer(404, b"{}")
            return
        entries: list[dict[str, Any]] = [{"type": "directory", "path": "visual"}]
        for path, data in files.items():
            digest = "0" * 64 if path in self.server.lies else hashlib.sha256(data).hexdigest()
            lfs = {"lfs": {"oid": digest, "size": len(data)}} if path.endswith(".onnx") else {}
            entries.append({"type": "file", "path": path, "size": len(data), **lfs})
        self._answer(200, json.dumps(entries).encode())

    def _file(self, where: str) -> None:
        name, _, path = where.partition("/resolve/main/")
        data = self.server.repositories.get(name, {}).get(path)
        wanted = self.headers.get("range", "")
        self.server.asked.append((path, wanted))
        if statuses := self.server.statuses.get(path):
            self._answer(statuses.pop(0), b"")
            return
        if data is None:
            self._answer(404, b"")
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        body = data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if cuts := self.server.cuts.get(path):
            body = body[: cuts.pop(0)]
            self.close_connection = True
        self.wfile.write(body)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests stay quiet."""
