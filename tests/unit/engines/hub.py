"""A hub on this machine: it speaks Hugging Face's protocol, and fails where it is told to."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Hub(ThreadingHTTPServer):
    """Serves repositories of files.

    Attributes:
        repositories: name -> path -> bytes.
        plain: path of an address -> bytes, as any web server has them; served with an ETag.
        page: entries of a list that are given at a time.
        junk: what is answered instead of a list.
        named: path -> sha256 that is said with a file.
        cuts: path -> lengths after which the connection is cut, one for each time it is asked for.
        statuses: path, "" for lists -> statuses to fail with first.
        lies: paths whose listed digest is wrong.
        asked: (path, Range header) of every file that was asked for.
        seen: path of every request.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.plain: dict[str, bytes] = {}
        self.page = 1000
        self.junk: bytes | None = None
        self.named: dict[str, str] = {}
        self.cuts: dict[str, list[int]] = {}
        self.statuses: dict[str, list[int]] = {}
        self.lies: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.seen: list[str] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

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
        at = urlsplit(self.path)
        path = unquote(at.path)
        self.server.seen.append(path)
        if path.startswith("/api/models/"):
            name = path.removeprefix("/api/models/").removesuffix("/tree/main")
            self._list(name, int(parse_qs(at.query).get("from", ["0"])[0]))
        elif "/resolve/main/" in path:
            name, _, inside = path.lstrip("/").partition("/resolve/main/")
            self.server.asked.append((inside, self.headers.get("range", "")))
            self._file(inside, self.server.repositories.get(name, {}).get(inside), {})
        else:
            data = self.server.plain.get(path)
            self.server.asked.append((path, self.headers.get("range", "")))
            self._file(path, data, {"ETag": f'"{hashlib.md5(data or b"").hexdigest()}"'})

    def _list(self, name: str, first: int) -> None:
        files = self.server.repositories.get(name)
        if statuses := self.server.statuses.get(""):
            self._answer(statuses.pop(0), b"")
        elif self.server.junk is not None:
            self._answer(200, self.server.junk)
        elif files is None:
            self._answer(404, b"{}")
        else:
            entries: list[dict[str, Any]] = [{"type": "directory", "path": "visual"}]
            entries += [self._entry(path, data) for path, data in files.items()]
            last = first + self.server.page
            more = f'<{self.server.url}/api/models/{name}/tree/main?recursive=true&from={last}>; rel="next"'
            headers = {"Link": more} if last < len(entries) else {}
            self._answer(200, json.dumps(entries[first:last]).encode(), headers)

    def _entry(self, path: str, data: bytes) -> dict[str, Any]:
        digest = "0" * 64 if path in self.server.lies else hashlib.sha256(data).hexdigest()
        lfs = {"lfs": {"oid": digest, "size": len(data)}} if path.endswith(".onnx") else {}
        return {"type": "file", "path": path, "size": len(data), **lfs}

    def _file(self, path: str, data: bytes | None, headers: dict[str, str]) -> None:
        if statuses := self.server.statuses.get(path):
            self._answer(statuses.pop(0), b"")
            return
        if data is None:
            self._answer(404, b"")
            return
        if path in self.server.named:
            headers = headers | {"X-Linked-Etag": f'"{self.server.named[path]}"'}
        start = int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if self.headers.get("if-range", headers.get("ETag")) != headers.get("ETag"):
            start = 0
        cuts = self.server.cuts.get(path)
        self.close_connection = bool(cuts)
        self._answer(206 if start else 200, data[start:], headers, cuts.pop(0) if cuts else None)

    def _answer(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:length])

    def log_message(self, *_: Any) -> None:
        """Tests stay quiet."""
