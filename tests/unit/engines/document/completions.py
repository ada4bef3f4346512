"""A small server that speaks streamed chat completions and can do what a real one does only on a bad day."""

import json
import select
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """What the server says to one request.

    Attributes:
        pieces: of the text, a chunk each.
        status: anything but 200 is an error with `error` as its body.
        error: inside the stream, behind the pieces, where the status is 200.
        finish: reason in the last chunk; None: the stream ends without one.
        silent: after the pieces nothing comes any more, the connection stays open.
        breaks: after the pieces the connection is cut.
        gate: the first chunk waits for it.
        pause_s: before each piece.
    """

    pieces: Sequence[str] = ()
    status: int = 200
    error: dict[str, Any] | None = None
    finish: str | None = "stop"
    silent: bool = False
    breaks: bool = False
    gate: threading.Event | None = None
    pause_s: float = 0.0


@dataclass
class Server:
    """Attributes: url: with its `/v1`; requests: their bodies; silent: a stream has
    begun to be; left: a client went away from it."""

    url: str = ""
    answer: Callable[[int, dict[str, Any]], Answer] = lambda number, request: Answer()
    requests: list[dict[str, Any]] = field(default_factory=list)
    silent: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    most_at_once: int = 0
    at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def says(self, *answers: Answer) -> None:
        """Answer the first request with the first one, and so on; the last one is for all that follow."""
        self.answer = lambda number, request: answers[min(number, len(answers) - 1)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mine: Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.mine.lock:
            number = len(self.mine.requests)
            self.mine.requests.append({**request, "path": self.path, "key": self.headers["authorization"]})
            self.mine.at_once += 1
            self.mine.most_at_once = max(self.mine.most_at_once, self.mine.at_once)
        try:
            with suppress(ConnectionError):
                self._answer(self.mine.answer(number, request))
        finally:
            with self.mine.lock:
                self.mine.at_once -= 1

    def do_GET(self) -> None:
        body = json.dumps({"data": [{"id": "m"}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, answer: Answer) -> None:
        if answer.status != 200:
            body = json.dumps({"error": answer.error}).encode()
            self.send_response(answer.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._stream(answer)

    def _stream(self, answer: Answer) -> None:
        if answer.gate is not None:
            assert answer.gate.wait(30)
        self._chunk([{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
        for piece in answer.pieces:
            self.mine.stopped.wait(answer.pause_s)
            self._chunk([{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
        if answer.silent:
            self.mine.silent.set()
            self._hang()
            return
        if answer.breaks:
            self.close_connection = True
            return
        if answer.error is not None:
            self._send({"error": answer.error})
        else:
            if answer.finish is not None:
                self._chunk([{"index": 0, "delta": {"content": ""}, "finish_reason": answer.finish}])
            self._chunk([], usage={"prompt_tokens": 900, "completion_tokens": len(answer.pieces), "total_tokens": 0})
        self._write(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _hang(self) -> None:
        while not self.mine.stopped.is_set():
            if select.select([self.connection], [], [], 0.02)[0]:
                self.mine.left.set()
                self.close_connection = True
                return

    def _chunk(self, choices: list[dict[str, Any]], **more: Any) -> None:
        known = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        self._send({**known, "choices": choices, **more})

    def _send(self, content: dict[str, Any]) -> None:
        self._write(b"data: " + json.dumps(content).encode() + b"\n\n")

    def _write(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Nothing on the console."""


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port of the loopback."""
    mine = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"mine": mine}))
    mine.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield mine
    finally:
        mine.stopped.set()
        http.shutdown()
        thread.join()
        http.server_close()
