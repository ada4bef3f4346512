"""What is said of the engine that reads documents."""

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from engines.document import availability
from engines.settings import EngineSettings

MODEL = "deepseek-ai/DeepSeek-OCR"


class Server(HTTPServer):
    """Attributes: status, body: of its answer; key: that it was asked with."""

    status = 200
    body: Any = None
    key: str | None = None


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.key = self.headers.get("authorization")
        self.send_response(self.server.status if self.path == "/v1/models" else 404)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.body = {"data": [{"id": MODEL}]}
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/v1"


def test_the_classic_engine_is_always_there() -> None:
    assert availability.look(EngineSettings(llm_base_url=""))["state"] == "ready"
    chosen = EngineSettings(llm_base_url="http://engine/v1", document_engine="classic")
    assert availability.look(chosen)["engine"] == "classic"


def test_one_server_that_answers_is_enough(server: Server, nobody: str) -> None:
    found = availability.look(EngineSettings(llm_base_url=f"{nobody}, {url(server)}/", llm_api_key="secret"))
    assert found == {"state": "ready", "engine": "vllm", "model": MODEL, "asked": MODEL}
    assert server.key == "Bearer secret"


def test_a_server_that_is_not_there_is_missing_with_its_address(nobody: str) -> None:
    found = availability.look(EngineSettings(llm_base_url=nobody))
    assert (found["state"], nobody in found["reason"], "LLM_BASE_URL" in found["hint"]) == ("missing", True, True)


def test_a_server_of_our_own_that_is_not_there_yet_is_loading(nobody: str) -> None:
    found = availability.look(EngineSettings(llm_base_url=nobody, document_engine="vllm"))
    assert (found["state"], "starting" in found["reason"]) == ("loading", True)


def test_a_server_with_another_model_is_missing_and_both_are_named(server: Server) -> None:
    found = availability.look(EngineSettings(llm_base_url=url(server), llm_model="dots.ocr"))
    assert found["state"] == "missing"
    assert found["reason"].endswith(f"serves {MODEL}, not dots.ocr.")


def test_a_server_that_refuses_our_key_says_so(server: Server) -> None:
    server.status = 401
    found = availability.look(EngineSettings(llm_base_url=url(server)))
    assert ("401" in found["reason"], found["hint"]) == (True, "Check LLM_API_KEY.")


def test_what_is_no_such_server_does_not_answer(server: Server) -> None:
    server.body = ["something", "else"]
    assert "does not answer" in availability.look(EngineSettings(llm_base_url=url(server)))["reason"]
