"""In front of Immich's own server: what is not served here is asked there, and the replies are one."""

import json
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.conftest import Service, picture
from tests.contract.test_immich import OCR, predict

pytestmark = pytest.mark.e2e
SMELL = {"visual": {"modelName": "nose__v1", "options": {}}}
REPLY = {"smell": "roses", "imageHeight": 200, "imageWidth": 640}


class Elsewhere(ThreadingHTTPServer):
    """Another server of Immich's protocol, which notes what it is asked; the answer can be made to fail."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.reply: Any = REPLY
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        form = BytesParser(_class=EmailMessage).parsebytes(head + body)  # type: ignore[arg-type]
        parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}  # type: ignore[attr-defined]
        self.server.asked.append({str(name): part.get_payload(decode=True) for name, part in parts.items()})
        said = json.dumps(self.server.reply).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Tests stay quiet."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    made = Elsewhere()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def gateway(elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    library = tmp_path_factory.mktemp("library")
    made = Service(tmp_path_factory.mktemp("home"), library, IMMICH_API=elsewhere.url + "/")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def well(elsewhere: Elsewhere) -> None:
    elsewhere.asked.clear()
    elsewhere.status, elsewhere.reply = 200, REPLY


def test_what_is_known_is_done_here_and_the_rest_is_asked_there(gateway: Service, elsewhere: Elsewhere) -> None:
    image = picture(640, 200, "Shared work", seed=5)
    body = predict(gateway, {**OCR, "smell": SMELL}, image).json()
    assert body["ocr"]["text"] == ["Shared work"]
    assert {key: body[key] for key in REPLY} == REPLY
    assert json.loads(elsewhere.asked[0]["entries"]) == {"smell": SMELL}
    assert elsewhere.asked[0]["image"] == image


def test_a_model_that_is_not_here_is_asked_for_there(gateway: Service, elsewhere: Elsewhere) -> None:
    elsewhere.reply = {"clip": "[1.0]", "imageHeight": 200, "imageWidth": 640}
    clip = {"visual": {"modelName": "ViT-B-32__openai", "options": {}}}
    body = predict(gateway, {**OCR, "clip": clip}, picture(640, 200, "Two models", seed=6)).json()
    assert (body["ocr"]["text"], body["clip"]) == (["Two models"], "[1.0]")
    assert json.loads(elsewhere.asked[0]["entries"]) == {"clip": clip}
    textual = {"clip": {"textual": {"modelName": "ViT-B-32__openai", "options": {"language": "de"}}}}
    elsewhere.reply = {"clip": "[2.0]"}
    assert predict(gateway, textual, text="ein Hund").json() == {"clip": "[2.0]"}
    assert elsewhere.asked[1]["text"] == b"ein Hund"


def test_nothing_is_sent_away_that_can_be_done_here(gateway: Service, elsewhere: Elsewhere) -> None:
    assert predict(gateway, OCR, picture(640, 200, "At home", seed=7)).json()["ocr"]["text"] == ["At home"]
    assert elsewhere.asked == []


def test_a_refusal_there_is_a_refusal_here(gateway: Service, elsewhere: Elsewhere) -> None:
    elsewhere.status = 500
    answer = predict(gateway, {"smell": SMELL}, picture())
    assert answer.status_code == 500
    assert "IMMICH_API" in answer.json()["detail"]
