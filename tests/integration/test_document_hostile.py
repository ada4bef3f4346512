"""Documents and requests that nobody sends in good faith: each gets an answer that ends, and the next one is served."""

import base64
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Service, picture, until
from tests.contract.my_ocr_client import read
from tests.pdfs import TOO_LONG, pdf

pytestmark = pytest.mark.e2e
LINE = "The ferry leaves at noon and comes back before the sun goes down."


@pytest.fixture(autouse=True)
def still_serves(service: Service) -> Iterator[None]:
    """Whatever a test sent, the same worker process reads the next document."""
    workers = {part.pid for part in service.parts("worker --device")}
    yield
    assert LINE in " ".join(read(post(service, pdf([(LINE,)]), force="true")).pages[1].split())
    assert {part.pid for part in service.parts("worker --device")} == workers


def post(service: Service, data: bytes, name: str = "a.pdf", **form: str) -> list[str]:
    answer = service.http.post("/api/ocr/pdf", files={"file": (name, data)}, data=form, timeout=120)
    assert answer.status_code == 200, answer.text
    return [line for line in answer.text.splitlines() if line]


def frames(lines: list[str]) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in lines]
    assert (told[0]["type"], told[-1]["type"]) == ("start", "end")
    started = [frame["page"] for frame in told if frame["type"] == "page_start"]
    assert sorted(started) == sorted(frame["page"] for frame in told if frame["type"] == "page_end")
    return told


def codes(lines: list[str]) -> list[str]:
    return [frame["code"] for frame in frames(lines) if frame["type"] == "error"]


def raw_pdf(*objects: str) -> bytes:
    """Objects from 1, the first is the catalogue; without a table, which readers make anew."""
    body = "".join(f"{number} 0 obj\n{text}\nendobj\n" for number, text in enumerate(objects, 1))
    return f"%PDF-1.7\n{body}trailer << /Root 1 0 R /Size {len(objects) + 1} >>\n%%EOF\n".encode()


CATALOGUE = "<< /Type /Catalog /Pages 2 0 R >>"
HOSTILE = {
    "ten thousand pages": pdf([("x",)] * 10_000),
    "pages that are their own parent": raw_pdf(CATALOGUE, "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 5 >>"),
    "a count of two thousand million": raw_pdf(CATALOGUE, "<< /Type /Pages /Kids [] /Count 2147483647 >>"),
    "no pages": raw_pdf(CATALOGUE, "<< /Type /Pages /Kids [] /Count 0 >>"),
    "a catalogue that is itself": raw_pdf("<< /Type /Catalog /Pages 1 0 R >>"),
    "nothing after the mark": b"%PDF-1.7",
    "a mark and noise": b"%PDF-1.7\n" + bytes(range(256)) * 400,
    "half of a file": pdf([(LINE,)] * 3)[:700],
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_ends_with_a_reason(service: Service, data: bytes) -> None:
    begun = time.monotonic()
    told = frames(post(service, data))
    assert time.monotonic() - begun < 30
    problems = [frame for frame in told if frame["type"] == "error"]
    assert problems or any(frame["type"] == "page_end" for frame in told)
    assert all(problem["code"].startswith("pdf_") for problem in problems)


@pytest.mark.parametrize("box", ["0 0 1 99999", "0 0 99999 1", "0 0 1e9 1e9", "0 0 0 0", "9 9 -9 -9", "0 0 nan nan"])
def test_a_page_of_any_size_is_read_or_refused_and_costs_no_other(service: Service, box: str) -> None:
    lines = post(service, pdf([(LINE,), ("Between two good ones.",), (LINE,)], {2: box}))
    told = frames(lines)
    assert not [frame for frame in told if frame["type"] == "error" and frame.get("page") in (1, 3)]
    assert LINE in " ".join(read(lines).pages[3].split())


def test_a_page_that_is_no_picture_fails_alone_and_says_why(service: Service) -> None:
    told = frames(post(service, pdf([(LINE,), ("x",)], {2: TOO_LONG})))
    (problem,) = [frame for frame in told if frame["type"] == "error"]
    assert (problem["page"], problem["code"]) == (2, "pdf_out_of_range")
    assert "Crop it" in problem["message"]


def test_scripts_in_a_document_are_not_run_and_its_text_is_read(service: Service) -> None:
    script = "<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (while(true){}) >> >>"
    data = pdf([(LINE,)]).replace(b"<< /Type /Catalog /Pages 2 0 R >>", script.encode())
    assert LINE in " ".join(read(post(service, data)).pages[1].split())


def test_a_page_without_content_is_an_empty_page(service: Service) -> None:
    lines = post(service, pdf([()]))
    assert [frame["type"] for frame in frames(lines)] == ["start", "page_start", "page_end", "end"]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ("1,1,1", [1]),
        ("2-1", "pdf_out_of_range"),
        ("999999999-", "pdf_out_of_range"),
        ("9" * 40, "pdf_out_of_range"),
        ("0", "pdf_out_of_range"),
        ("-", "pdf_out_of_range"),
        ("1;2", "pdf_out_of_range"),
        ("1-999999999", [1, 2, 3]),
        (" 3 , 1 ", [1, 3]),
        ("1," * 20_000 + "2", [1, 2]),
    ],
)
def test_ranges_of_pages_are_taken_literally_or_refused(service: Service, pages: str, expected: Any) -> None:
    lines = post(service, pdf([(f"Number {n}. {LINE}",) for n in (1, 2, 3)]), pages=pages)
    if isinstance(expected, str):
        assert codes(lines) == [expected]
    else:
        assert sorted(read(lines).pages) == expected


def test_names_and_prompts_of_any_kind_are_survived(service: Service) -> None:
    data = pdf([(f"{LINE} Named.",)])
    for name in (
        "a\0b.pdf",
        "../../etc/passwd",
        "\u202egnp.pdf",
        "x" * 1000,
        "\ud83d.pdf".encode("utf-8", "replace").decode(),
    ):
        assert codes(post(service, data, name)) == []
    assert codes(post(service, data, prompt="Read this. \0" * 60_000)) == []
    answer = service.http.post("/api/documents", files={"file": ("a", data)}, data={"custom_id": "\0" * 10})
    assert answer.status_code == 202


def test_the_same_document_from_many_at_once_is_read_for_all(service: Service) -> None:
    data = pdf([(f"Many want page {number}. {LINE}",) for number in (1, 2, 3)])
    with ThreadPoolExecutor(8) as pool:
        seen = [read(lines).pages for lines in pool.map(lambda _: post(service, data), range(8))]
    assert all(pages == seen[0] for pages in seen)
    assert sorted(seen[0]) == [1, 2, 3]


def test_one_bad_file_of_a_batch_fails_alone(service: Service) -> None:
    good = picture(900, 200, "A good one", seed=61)
    files = [("files", (name, data)) for name, data in (("a", good), ("b", b"GIF89a no"), ("c", pdf([(LINE,)])))]
    tasks = service.http.post("/api/v1/ocr/batch", files=files).json()["tasks"]

    def ended(task: dict[str, Any]) -> Any:
        body = service.http.get(f"/result/{task['task_id']}").json()
        return body if body["status"] != "processing" else None

    bodies = [until(lambda task=task: ended(task), 40, "its end") for task in tasks]  # type: ignore[misc]
    assert [body["status"] for body in bodies] == ["completed", "failed", "completed"]
    assert bodies[1]["error"]


@pytest.mark.parametrize(
    "text", ["A", "====", "data:image/png;base64,", "data:,", "\u00e9\u00e9", "QUJD" * 3 + "Q", " "]
)
def test_base64_of_nothing_good_is_answered(service: Service, text: str) -> None:
    answer = service.http.post("/api/v1/ocr", json={"image": text})
    assert answer.status_code in (400, 415), answer.text
    assert answer.json()["error"]["code"]


def test_base64_of_noise_fails_with_a_reason(service: Service) -> None:
    noise = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"noise" * 100).decode()
    task = service.http.post("/api/v1/ocr", json={"image": noise}).json()["task_id"]
    body = until(
        lambda: (now := service.http.get(f"/result/{task}").json())["status"] != "processing" and now, 30, "its end"
    )
    assert (body["status"], bool(body["error"])) == ("failed", True)


@pytest.mark.parametrize("mode", ["describe", "figure", "locate"])
def test_what_needs_a_language_model_is_refused_and_says_what_to_do(service: Service, mode: str) -> None:
    data = pdf([(LINE,)] * 3)
    told = frames(post(service, data, mode=mode, prompt="a ferry"))
    assert [frame["type"] for frame in told] == ["start", "error", "end"]
    assert told[1]["code"] == "mode_missing"
    assert "LLM_BASE_URL" in told[1]["message"]
    image = base64.b64encode(picture(300, 100, "A", seed=5)).decode()
    wanted = "describe" if mode == "locate" else mode  # this API has no `locate`
    task = service.http.post("/api/v1/ocr", json={"image": image, "mode": wanted}).json()["task_id"]
    body = until(
        lambda: (now := service.http.get(f"/result/{task}").json())["status"] != "processing" and now, 30, "its end"
    )
    assert body["status"] == "failed"
    assert "LLM_BASE_URL" in body["error"]


def test_every_shared_pdf_ends_with_its_pages_or_a_reason(service: Service, shared: Path) -> None:
    found = [*(shared / "testdata/pdf").glob("*.pdf"), *(shared / "testdata/deepseek").glob("*.pdf")]
    assert found
    for path in found:
        told = frames(post(service, path.read_bytes(), path.name, pages="1-2"))
        ended = [frame for frame in told if frame["type"] == "page_end"]
        problems = [frame["code"] for frame in told if frame["type"] == "error"]
        assert ended or problems, path.name
        assert not set(problems) - {"pdf_broken", "pdf_password", "pdf_out_of_range"}, (path.name, problems)
