"""Documents: dropped, streamed, read, also through trouble."""

import re
from typing import Any

import pytest

from tests.conftest import Service, until
from tests.e2e.browsing import expect
from tests.e2e.conftest import Open
from tests.integration.conftest import Start
from tests.pdfs import pdf
from tests.unit.engines.document.completions import Answer, serving

pytestmark = pytest.mark.e2e
PAGES = 12
LOST_FOR_A_WHILE = (r"net::ERR_", r"Failed to load resource.*50\d")


def drop(page: Any, name: str, data: bytes) -> None:
    """Give a file to the Read view, and wait until its document is open."""
    file = {"name": name, "mimeType": "application/pdf", "buffer": data}
    page.locator("input[type=file]").first.set_input_files(files=[file])
    page.wait_for_url(re.compile("/read/"))


def text_of(page: Any) -> Any:
    """The pane that text appears in."""
    return page.get_by_role("region", name="Text", exact=True)


def test_a_pdf_streams_and_its_pages_appear(service: Service, visit: Open) -> None:
    page = visit(service).go("/").page
    words = ["ferries", "lanterns", "orchards"]
    drop(page, "harbour.pdf", pdf([(f"Of {word} in the harbour town",) for word in words]))
    expect(page.get_by_role("heading", name="harbour.pdf")).to_be_visible()
    for number, word in enumerate(words, 1):
        shown = text_of(page).locator("article", has=page.get_by_role("heading", name=f"Page {number}", exact=True))
        expect(shown).to_contain_text(f"Of {word} in the harbour town")
    expect(page.get_by_text("The document has been read.")).to_be_attached()


def test_reading_goes_on_after_the_service_was_killed_in_the_middle(start: Start, visit: Open) -> None:
    with serving() as engine:
        engine.says(Answer([f"word{number} " for number in range(10)], pause_s=0.25))
        service = start(LLM_BASE_URL=engine.url, LLM_MODEL="m", LLM_CONCURRENCY="2")
        window = visit(service)
        window.expect(*LOST_FOR_A_WHILE)
        page = window.go("/").page
        drop(page, "long.pdf", pdf([(f"Sheet {number}",) for number in range(PAGES)]))
        expect(text_of(page)).to_contain_text("word3")
        victim = service.part("darkroom api")
        victim.kill()
        expect(page.get_by_text("The connection is lost.")).to_be_visible()
        until(lambda: [part for part in service.parts("darkroom api") if part.pid != victim.pid], 30, "a new API")
        expect(page.get_by_text("The document has been read.")).to_be_attached(timeout=90_000)
        assert len(engine.requests) >= PAGES
    expect(page.get_by_text("The connection is lost.")).to_have_count(0)
    text_of(page).evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")
    last = text_of(page).locator("article", has=page.get_by_role("heading", name=f"Page {PAGES}", exact=True))
    expect(last).to_contain_text("word0 word1 word2 word3 word4 word5 word6 word7 word8 word9")


def test_a_file_that_is_no_document_says_so(service: Service, visit: Open) -> None:
    window = visit(service)
    window.expect("Failed to load resource")
    page = window.go("/").page
    file = {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 and nothing more"}
    page.locator("input[type=file]").first.set_input_files(files=[file])
    expect(page.get_by_role("alert").first).to_be_visible()
