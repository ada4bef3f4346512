"""Search, asked over HTTP."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Service, picture, until

pytestmark = pytest.mark.e2e

WORDS = ("Platform 7", "Museum Ticket", "Platform Exit", "Total 12.50")


def ask(service: Service, **params: Any) -> httpx.Response:
    return service.http.get("/api/search", params=params)


def names(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


@pytest.fixture(scope="module")
def library(service: Service) -> Path:
    """A folder of pictures with words on them, rescanned."""
    folder = service.library.resolve() / "search"
    folder.mkdir()
    for number, words in enumerate(WORDS):
        (folder / f"{number}.png").write_bytes(picture(600, 200, words, seed=700 + number))
    asked = {"library": str(folder), "tasks": ["ocr", "clip"]}
    job = service.http.post("/api/jobs", json=asked).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["finished_at"], 60, "the job's end")
    return folder


def test_words_are_found_with_the_lines_and_boxes_they_came_from(service: Service, library: Path) -> None:
    answer = ask(service, q="museum", mode="text", library=str(library)).json()
    assert (answer["next"], answer["models"], answer["notes"]) == (None, {}, [])
    (item,) = answer["items"]
    assert (item["name"], item["library"], item["path"]) == ("1.png", str(library), f"{library}/1.png")
    assert (item["found_by"], item["page"], item["width"], item["height"]) == (["text"], None, 600, 200)
    assert item["taken_at"].endswith("+00:00")
    (match,) = item["matches"]
    assert "Museum" in match["text"]
    assert all(0 <= x <= 600 and 0 <= y <= 200 for x, y in match["box"])
    assert service.http.get(f"/api/jobs/{item['task_id']}").json()["library"] == str(library)


def test_prefixes_quotes_and_limits(service: Service, library: Path) -> None:
    inside = {"library": str(library), "mode": "text"}
    assert set(names(ask(service, q="platform", **inside))) == {"0.png", "2.png"}
    assert names(ask(service, q='"platform exit"', **inside)) == ["2.png"]
    assert names(ask(service, q="ocr:exit", library=str(library))) == ["2.png"]
    assert names(ask(service, q="platform", mode="text", library=str(library / "none"))) == []
    assert set(names(ask(service, q="platform", since="2020-01-01", **inside))) == {"0.png", "2.png"}
    assert names(ask(service, q="platform", until="2020-01-01T00:00:00Z", **inside)) == []


def test_pages_follow_by_their_cursor(service: Service, library: Path) -> None:
    inside = {"q": "platform", "mode": "text", "library": str(library), "limit": 1}
    first = ask(service, **inside).json()
    second = ask(service, cursor=first["next"], **inside).json()
    assert {item["name"] for page in (first, second) for item in page["items"]} == {"0.png", "2.png"}
    assert second["next"] is None


def test_text_and_picture_are_searched_together_and_the_model_is_named(service: Service, library: Path) -> None:
    answer = ask(service, q="a ticket", library=str(library)).json()
    assert answer["models"] == {"image": "concepts"}
    assert {way for item in answer["items"] for way in item["found_by"]} == {"text", "image"}
    assert names(ask(service, q="clip:a ticket", library=str(library)))
    chinese = ask(service, q="车票", library=str(library)).json()
    assert (chinese["models"], chinese["items"]) == ({}, [])
    assert "English only" in chinese["notes"][0]


def test_more_like_a_photo_leaves_that_photo_out(service: Service, library: Path) -> None:
    sha256 = ask(service, q="museum", mode="text", library=str(library)).json()["items"][0]["sha256"]
    like = ask(service, like=sha256, library=str(library))
    assert set(names(like)) == {"0.png", "2.png", "3.png"}
    assert like.json()["models"] == {"image": "concepts"}


@pytest.mark.parametrize(
    "params",
    [
        {"q": "x", "mode": "smell"},
        {"mode": "face"},
        {"q": "clip:x", "mode": "text"},
        {"like": "beef"},
        {"face": "0" * 64},
        {"q": "x", "since": "yesterday"},
        {"q": "x", "cursor": "-1"},
        {"q": "x", "limit": "0"},
        {"q": "x" * 1001},
    ],
)
def test_what_makes_no_sense_is_refused_in_our_form(service: Service, params: dict[str, str]) -> None:
    answer = ask(service, **params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_a_photo_that_nobody_has_looked_at_is_like_none(service: Service) -> None:
    for params in ({"like": "0" * 64}, {"face": "0" * 64 + ":0", "mode": "face"}):
        answer = ask(service, **params)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "photo_not_found")


def test_whatever_is_typed_is_some_query(service: Service) -> None:
    for query in ('"', "'", "a AND", "NOT", "x*", "a:b", "(", "\\", "%", "<->", "'a':1", "\0", "🙂", "ocr:clip:", '""'):
        assert ask(service, q=f"{query} word").status_code == 200, query
