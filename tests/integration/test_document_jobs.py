"""Documents while parts of the service die, clients leave and come back, and people change their minds."""

import contextlib
import json
from typing import Any

import httpx
import pytest

from tasks.store.models import metadata
from tests.conftest import Service, until
from tests.contract.my_ocr_client import read
from tests.integration.conftest import Start
from tests.pdfs import TOO_LONG, pdf

pytestmark = pytest.mark.e2e
WORKER = "worker --device cpu --queues interactive"


def lines(number: int, mark: str) -> tuple[str, ...]:
    return (
        f"This is page {number} of the {mark} book, and it says so first.",
        "The keeper of the lighthouse writes down each ship that passes,",
        "its name, its flag and the hour, and sends the list to the town",
        f"when the week is over. Here ends page {number} of the {mark} book.",
    )


def book(count: int, mark: str, **boxes: dict[int, str]) -> bytes:
    return pdf([lines(number, mark) for number in range(1, count + 1)], **boxes)


def begin(service: Service, data: bytes, **form: str) -> str:
    """Submit a document as a job."""
    answer = service.http.post("/api/documents", files={"file": ("a.pdf", data)}, data=form)
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["task_id"]
    return job


def look(service: Service, job: str) -> dict[str, Any]:
    try:
        body: dict[str, Any] = service.http.get(f"/api/jobs/{job}").json()
    except httpx.HTTPError:
        return {"state": "", "counts": {"done": 0, "failed": 0, "total": 0}}
    return body


def reach(service: Service, job: str, done: int) -> None:
    until(lambda: look(service, job)["counts"]["done"] >= done, 40, f"{done} pages")


def end(service: Service, job: str) -> dict[str, Any]:
    until(lambda: look(service, job)["state"] in ("completed", "failed", "cancelled"), 90, "the document's end")
    return look(service, job)


def replay(service: Service, job: str) -> list[str]:
    with service.http.stream("GET", f"/api/documents/{job}/stream") as answer:
        assert answer.status_code == 200
        return [line for line in answer.iter_lines() if line]


def kill(service: Service, words: str) -> None:
    victim = service.part(words)
    victim.kill()
    until(lambda: [part for part in service.parts(words) if part.pid != victim.pid], 30, f"a new {words}")


def expect_whole(told: list[str], count: int, mark: str) -> None:
    """Each page begins and ends once, and its text is there once and to its last line."""
    frames = [json.loads(line) for line in told]
    for kind in ("page_start", "page_end"):
        assert sorted(frame["page"] for frame in frames if frame["type"] == kind) == list(range(1, count + 1))
    assert [frame["type"] for frame in frames if frame["type"] in ("start", "error", "end")] == ["start", "end"]
    for page, text in read(told).pages.items():
        words = " ".join(text.split())
        assert words == " ".join(lines(page, mark)), page


def test_a_document_is_read_whole_and_once_whatever_is_killed(own_service: Service) -> None:
    service, count = own_service, 40
    files = {"file": ("a.pdf", book(count, "killed"))}
    begun: list[dict[str, Any]] = []
    with pytest.raises(httpx.HTTPError), service.http.stream("POST", "/api/ocr/pdf", files=files) as answer:  # noqa: PT012
        for line in answer.iter_lines():
            if line:
                begun.append(json.loads(line))
                ended = sum(frame["type"] == "page_end" for frame in begun)
                if ended >= 3 and not any(frame.get("killed") for frame in begun):
                    kill(service, WORKER)
                    begun.append({"type": "", "killed": True})
                if ended >= 8:
                    kill(service, "darkroom api")
    assert sum(frame["type"] == "end" for frame in begun) == 0, "it was over before the API was killed"
    job = begun[0]["task_id"]
    until(lambda: look(service, job)["state"], 30, "the API")
    expect_whole(replay(service, job), count, "killed")
    state = end(service, job)
    assert (state["state"], state["counts"]["done"], state["counts"]["failed"]) == ("completed", count, 0)
    expect_whole(replay(service, job), count, "killed")
    rows = until(lambda: service.http.get("/api/users/me/usage").json(), 20, "its cost")
    assert [(row["job_id"], row["pages"]) for row in rows] == [(job, count)]


def test_a_document_is_paused_goes_on_and_is_cancelled(own_service: Service) -> None:
    job = begin(own_service, book(60, "paused"))
    reach(own_service, job, 2)
    assert own_service.http.post(f"/api/jobs/{job}/pause").status_code == 200
    until(lambda: not look(own_service, job)["counts"]["running"], 20, "rest")
    rested = look(own_service, job)["counts"]["done"]
    assert rested < 60
    assert look(own_service, job)["counts"]["queued"] == 60 - rested
    assert own_service.http.post(f"/api/jobs/{job}/resume").status_code == 200
    reach(own_service, job, rested + 2)
    assert own_service.http.post(f"/api/jobs/{job}/cancel").status_code == 200
    counts = end(own_service, job)["counts"]
    assert counts["done"] + counts["cancelled"] == 60
    told = [json.loads(line) for line in replay(own_service, job)]
    assert told[-1]["type"] == "end"
    noted = until(lambda: own_service.http.get("/api/users/me/usage").json(), 20, "its cost")
    assert noted[0]["pages"] == counts["done"], "the pages of a cancelled document are noted too"


def test_only_failed_pages_are_tried_again(own_service: Service) -> None:
    job = begin(own_service, book(4, "torn", boxes={3: TOO_LONG}))
    counts = end(own_service, job)["counts"]
    assert (counts["done"], counts["failed"]) == (3, 1)
    before = {item["page"]: item["seq"] for item in own_service.http.get(f"/result/{job}").json()["result"]["items"]}
    assert own_service.http.post(f"/api/jobs/{job}/retry").status_code == 200
    assert end(own_service, job)["counts"]["failed"] == 1
    after = {item["page"]: item["seq"] for item in own_service.http.get(f"/result/{job}").json()["result"]["items"]}
    assert [page for page in after if after[page] != before[page]] == [3]
    told = [json.loads(line) for line in replay(own_service, job)]
    assert [frame["page"] for frame in told if frame["type"] == "error"] == [3], "said once, as it ended"
    assert sorted(frame["page"] for frame in told if frame["type"] == "page_end") == [1, 2, 3, 4]


def _second_reader(service: Service, job: str) -> contextlib.ExitStack:
    """Somebody else who follows the document, until it is closed."""
    with contextlib.ExitStack() as stack:
        url = f"{service.url}/api/documents/{job}/stream"
        lines = stack.enter_context(httpx.stream("GET", url, timeout=60)).iter_lines()
        next(lines)
        stack.callback(lines.close)
        return stack.pop_all()


def test_a_document_is_cancelled_when_its_last_reader_has_left(start: Start) -> None:
    service = start(DISCONNECT_GRACE_S="1")
    files = {"file": ("a.pdf", book(300, "left"))}
    with service.http.stream("POST", "/api/ocr/pdf", files=files) as answer:
        kept = answer.iter_lines()  # a stream ends with its iterator
        job = json.loads(next(kept))["task_id"]
        second = _second_reader(service, job)
    reach(service, job, look(service, job)["counts"]["done"] + 8)
    assert look(service, job)["state"] == "running", "somebody follows it"
    second.close()
    until(lambda: look(service, job)["state"] == "cancelled", 20, "its end")


def test_one_that_leaves_at_once_cancels_only_what_nobody_else_follows(own_service: Service) -> None:
    files = {"file": ("a.pdf", book(200, "shared"))}
    form = {"cancel_on_disconnect": "true"}
    with own_service.http.stream("POST", "/api/ocr/pdf", files=files, data=form) as answer:
        kept = answer.iter_lines()  # a stream ends with its iterator
        job = json.loads(next(kept))["task_id"]
        second = _second_reader(own_service, job)
    reach(own_service, job, look(own_service, job)["counts"]["done"] + 5)
    assert look(own_service, job)["state"] == "running"
    second.close()


def test_a_document_sent_as_a_job_goes_on_when_its_reader_leaves(start: Start) -> None:
    service = start(DISCONNECT_GRACE_S="0")
    job = begin(service, book(30, "unread"))
    with service.http.stream("GET", f"/api/documents/{job}/stream") as answer:
        next(line for line in answer.iter_lines() if line)
    assert end(service, job)["state"] == "completed"


def test_a_password_opens_a_document_and_is_nowhere_to_be_read(own_service: Service, shared: Any) -> None:
    data = (shared / "testdata/pdf/paperless-ngx_password-is-test.pdf").read_bytes()
    job = begin(own_service, data, password="test")
    assert end(own_service, job)["counts"]["failed"] == 0
    wrong = begin(own_service, data, password="a-wrong-password")
    assert end(own_service, wrong)["error"]["code"] == "pdf_password"
    everything = "\n".join(str(own_service.ask(f"SELECT * FROM {table}")) for table in metadata.tables)
    assert "a-wrong-password" not in everything
    for answer in (f"/api/jobs/{wrong}", f"/result/{wrong}", f"/api/jobs/{wrong}/events?follow=false"):
        assert "a-wrong-password" not in own_service.http.get(answer).text
    assert "a-wrong-password" not in "".join(own_service.log)
