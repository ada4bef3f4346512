"""The service API of DeepSeek-OCR servers, and what may be fetched by URL."""

import base64
from typing import Any

import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e


def ask(service: Service, image: str, **more: str) -> Any:
    return service.http.post("/api/v1/ocr", json={"image": image, **more})


def finished(service: Service, task: str) -> Any:
    def look() -> Any:
        body = service.http.get(f"/result/{task}").json()
        return body if body["status"] != "processing" else None

    return until(look, 30, "the result")


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_a_picture_in_base64_is_read_and_polled(service: Service, prefix: str) -> None:
    image = prefix + base64.b64encode(picture(900, 200, "Polled text", seed=81)).decode()
    answer = ask(service, image, mode="document")
    body = answer.json()
    assert (answer.status_code, set(body)) == (200, {"task_id", "status", "result", "error"})
    assert (body["status"], body["result"], body["error"]) == ("processing", None, None)
    end = finished(service, body["task_id"])
    assert (end["status"], end["error"]) == ("completed", None)
    assert "Polled text" in end["result"]["text"]


def test_many_files_get_a_task_each(service: Service) -> None:
    files = [("files", (f"{n}.png", picture(900, 200, f"Number {n}", seed=90 + n))) for n in range(3)]
    tasks = service.http.post("/api/v1/ocr/batch", files=files).json()["tasks"]
    texts = [finished(service, task["task_id"])["result"]["text"] for task in tasks]
    assert all(f"Number {n}" in text for n, text in enumerate(texts))


def test_what_is_no_picture_fails_with_the_reason(service: Service) -> None:
    end = finished(service, ask(service, base64.b64encode(b"nothing").decode()).json()["task_id"])
    assert end["status"] == "failed"
    assert end["error"]


@pytest.mark.parametrize("image", ["not base64!", "", "ftp://example.org/a.png"])
def test_what_is_neither_base64_nor_a_url_is_400(service: Service, image: str) -> None:
    assert ask(service, image).status_code == 400


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/a.png", "http://localhost:8060/livez", "https://example.org/a.png", "http://[::1]/"]
)
def test_nothing_is_fetched_unless_it_is_allowed(service: Service, url: str) -> None:
    answer = ask(service, url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "url_not_allowed")
