"""Documents: My OCR's frames as its client reads them, and the same documents as jobs."""

import io
import json
import zipfile
from typing import Any

import pytest
from PIL import Image

from tests.conftest import Service, picture, until
from tests.contract.my_ocr_client import read
from tests.pdfs import pdf

pytestmark = pytest.mark.e2e

PROSE = (
    "The harbour office opens at eight in the morning and closes at six.",
    "Whoever wants to moor a boat for the night signs the book that lies",
    "on the desk by the door, and pays for the berth in the morning.",
)


def pages(count: int, mark: str) -> bytes:
    """A document whose every page says its number, and nothing that another test's does."""
    numbers = range(1, count + 1)
    return pdf([(f"Page {number} of the {mark} report says what follows here.", *PROSE) for number in numbers])


def stream(service: Service, path: str, data: bytes, name: str = "a.pdf", **form: str) -> list[str]:
    with service.http.stream("POST", path, files={"file": (name, data)}, data=form) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "application/x-ndjson; charset=utf-8"
        return list(answer.iter_lines())


def frames(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines if line]


def test_a_pdfs_pages_come_as_frames_and_its_client_reads_the_text(service: Service) -> None:
    data = pages(3, "first")
    lines = stream(service, "/api/ocr/pdf", data)
    told = frames(lines)
    assert told[0] == {"type": "start", "kind": "pdf", "pages": 3, "task_id": told[0]["task_id"]}
    assert told[-1]["type"] == "end"
    counted = {"prompt_tokens", "completion_tokens", "prompt_chars", "completion_chars"}
    assert set(told[-1]["usage"]) == counted | {"input_bytes", "pages"}
    assert told[-1]["usage"]["input_bytes"] == len(data)
    for page in (1, 2, 3):
        kinds = [frame["type"] for frame in told if frame.get("page") == page]
        assert kinds == ["page_start", *["page_delta"] * (len(kinds) - 2), "page_end"]
    seen = read(lines)
    assert sorted(seen.pages) == [1, 2, 3]
    for page, text in seen.pages.items():
        assert f"Page {page} of the first report" in text
        assert "pays for the berth in the morning." in text
    assert seen.text == "", "nothing but deltas is shown as text"
    assert seen.usage is not None
    assert seen.usage["completion_chars"] == sum(map(len, seen.pages.values()))


def test_a_picture_is_read_as_deltas(service: Service) -> None:
    lines = stream(service, "/api/ocr/image", picture(900, 200, "Read the picture", seed=71), "a.png")
    told = frames(lines)
    assert (told[0]["type"], told[0]["kind"], told[-1]["type"]) == ("start", "image", "end")
    assert told[-1]["engine"] == "classic"
    assert told[-1]["usage"]["completion_chars"] > 0
    assert told[-1]["usage"]["input_bytes"] > 0
    assert "Read the picture" in read(lines).text


@pytest.mark.parametrize(
    ("path", "data", "detail"),
    [
        ("/api/ocr/image", pdf([("x",)]), "Only PNG/JPEG/WEBP images are supported"),
        ("/api/ocr/pdf", picture(), "Only PDF is supported"),
        ("/api/ocr/pdf", b"", "Only PDF is supported"),
    ],
)
def test_the_wrong_kind_is_400_in_the_known_words(service: Service, path: str, data: bytes, detail: str) -> None:
    answer = service.http.post(path, files={"file": ("a", data)})
    assert (answer.status_code, answer.json()) == (400, {"detail": detail})


def test_a_broken_pdf_says_so_and_ends(service: Service) -> None:
    told = frames(stream(service, "/api/ocr/pdf", b"%PDF-1.7 and nothing more"))
    assert [frame["type"] for frame in told] == ["start", "error", "end"]
    assert told[1]["code"] == "pdf_broken"


def test_chosen_pages_alone_are_read(service: Service) -> None:
    lines = stream(service, "/api/ocr/pdf", pages(5, "chosen"), pages="2,4-")
    assert sorted(read(lines).pages) == [2, 4, 5]
    told = frames(stream(service, "/api/ocr/pdf", pages(5, "chosen"), pages="9"))
    assert told[1]["code"] == "pdf_out_of_range"


def test_the_same_document_again_is_answered_from_memory(service: Service) -> None:
    data = pages(2, "repeated")
    first = read(stream(service, "/api/ocr/pdf", data))
    second = stream(service, "/api/ocr/pdf", data)
    assert read(second).pages == first.pages
    job = service.http.get(f"/api/jobs/{frames(second)[0]['task_id']}").json()
    assert job["counts"]["cached"] == 2


def test_a_document_can_be_a_job_and_be_followed_later(service: Service) -> None:
    answer = service.http.post("/api/documents", files={"file": ("a.pdf", pages(2, "polled"))}, data={"mode": "ocr"})
    assert answer.status_code == 202
    job = answer.json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 30, "the document's end")
    items = service.http.get(f"/result/{job}").json()["result"]["items"]
    assert {item["page"]: "of the polled report" in item["results"]["document"]["markdown"] for item in items} == {
        1: True,
        2: True,
    }
    told = service.http.get(f"/api/documents/{job}/stream").text.splitlines()
    assert sorted(read(told).pages) == [1, 2]


def test_what_is_made_of_a_document(service: Service) -> None:
    job = frames(stream(service, "/api/ocr/pdf", pages(2, "packed")))[0]["task_id"]
    got = service.http.get(f"/api/jobs/{job}/artifacts/document.md")
    assert got.headers["content-type"] == "text/markdown; charset=utf-8"
    assert got.text.count("of the packed report") == 2
    page = Image.open(io.BytesIO(service.http.get(f"/api/jobs/{job}/artifacts/page-2.jpg").content))
    assert page.height > page.width > 500
    packed = zipfile.ZipFile(io.BytesIO(service.http.get(f"/api/documents/{job}/artifacts/document.zip").content))
    assert set(packed.namelist()) == {"document.md", "raw.txt", "page-1.jpg", "page-2.jpg"}
    assert packed.testzip() is None
    assert service.http.get(f"/api/jobs/{job}/artifacts/layout.pdf").content.startswith(b"%PDF")
    for name in ("page-9.jpg", "images/1_1.jpg", "%2e%2e/%2e%2e/etc/passwd", "nothing"):
        answer = service.http.get(f"/api/jobs/{job}/artifacts/{name}")
        assert (answer.status_code, "error" in answer.json()) == (404, True), name


def test_what_a_document_cost_is_noted_once(service: Service) -> None:
    before = service.http.get("/api/users/me/usage/summary").json()
    job = frames(stream(service, "/api/ocr/pdf", pages(2, "costly")))[0]["task_id"]

    def noted() -> Any:
        rows = service.http.get("/api/users/me/usage").json()
        return [row for row in rows if row["job_id"] == job]

    (row,) = until(noted, 10, "the note")
    assert (row["kind"], row["pages"], row["engine"]) == ("pdf", 2, "classic")
    after = service.http.get("/api/users/me/usage/summary").json()
    assert after["pages"] == before["pages"] + 2


def test_a_client_that_goes_away_may_have_its_document_cancelled(service: Service) -> None:
    form = {"cancel_on_disconnect": "true"}
    files = {"file": ("a.pdf", pages(60, "abandoned"))}
    with service.http.stream("POST", "/api/ocr/pdf", files=files, data=form) as answer:
        job = json.loads(next(line for line in answer.iter_lines() if line))["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["state"] == "cancelled", 20, "its end")


def test_a_mode_that_is_none_is_refused(service: Service) -> None:
    files = {"file": ("a.pdf", pages(1, "moody"))}
    assert service.http.post("/api/documents", files=files, data={"mode": "sing"}).status_code == 400
    assert service.http.post("/api/documents", data={"mode": "ocr"}, files={"x": ("a", b"b")}).status_code == 400
