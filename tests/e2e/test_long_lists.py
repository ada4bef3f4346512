"""Long lists hold only what is seen."""

import json
import re
from typing import Any

import pytest

from tests.conftest import Service, picture, until
from tests.e2e.browsing import expect
from tests.e2e.conftest import Open
from tests.e2e.test_read import text_of

pytestmark = pytest.mark.e2e
PHOTOS, PAGES = 2000, 500
MOST_TILES, MOST_ARTICLES, MOST_NODES = 150, 12, 6000


def test_two_thousand_photos_scroll_with_few_of_them_in_the_page(service: Service, visit: Open) -> None:
    folder = service.library / "thousands"
    folder.mkdir()
    data = picture(64, 48)
    for number in range(PHOTOS):
        (folder / f"{number:04}.png").write_bytes(data + number.to_bytes(4, "big"))
    job = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["state"] == "completed", 120, "the job's end")
    page = visit(service).go(f"/photos/{job}").page
    tiles = page.get_by_role("group", name="Photos").locator("[data-index]")
    expect(tiles.first).to_be_visible()
    expect(page.get_by_text(re.compile("All 2,?000 photos looked at")).first).to_be_visible(timeout=60_000)
    most = 0
    for share in range(21):
        page.evaluate("share => scrollTo(0, document.body.scrollHeight * share / 20)", share)
        page.wait_for_timeout(60)
        most = max(most, tiles.count())
    expect(page.locator(f"[data-index='{PHOTOS - 1}']")).to_be_visible()
    assert most < MOST_TILES
    assert nodes(page) < MOST_NODES


def test_five_hundred_pages_scroll_with_few_of_them_in_the_page(service: Service, visit: Open) -> None:
    page = visit(service).page
    pretend(page)
    page.goto("/read/long")
    expect(page.get_by_text("The document has been read.")).to_be_attached()
    pane = text_of(page)
    most = 0
    for share in range(21):
        pane.evaluate("(pane, share) => pane.scrollTo(0, pane.scrollHeight * share / 20)", share)
        page.wait_for_timeout(60)
        most = max(most, pane.locator("article").count())
    until(lambda: to_end(pane) and pane.get_by_text(f"The last line of page {PAGES}.").count(), 15, "the last page")
    assert most < MOST_ARTICLES
    assert nodes(page) < MOST_NODES


def to_end(pane: Any) -> bool:
    """Down to the end, as far as it is known."""
    pane.evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")
    pane.page.wait_for_timeout(100)
    return True


def nodes(page: Any) -> int:
    """How many elements the page has."""
    count: int = page.evaluate("document.querySelectorAll('*').length")
    return count


def pretend(page: Any) -> None:
    """A document of many pages that was read long ago, without the time that reading one takes."""
    counts = {"total": PAGES, "queued": 0, "running": 0, "done": PAGES, "failed": 0, "cached": 0, "cancelled": 0}
    links = dict.fromkeys(("self", "events", "results", "jsonl", "csv", "cancel", "result"), "/")
    never = {"custom_id": None, "library": None, "rate_per_s": None, "eta_s": None, "error": None}
    when = dict.fromkeys(("created_at", "started_at", "finished_at"), "2026-01-01T00:00:00Z")
    what = {"task_id": "long", "kind": "document", "state": "completed", "priority": "document", "tasks": ["document"]}
    job = {
        **what,
        **never,
        **when,
        "name": "long.pdf",
        "listing": False,
        "counts": counts,
        "seq": PAGES,
        "links": links,
    }
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "completion_chars": 0}
    frames: list[dict[str, Any]] = [{"type": "start", "kind": "pdf", "pages": PAGES, "task_id": "long"}]
    for number in range(1, PAGES + 1):
        text = f"# Sheet {number}\n\n" + "A line among many.\n\n" * 10 + f"The last line of page {number}.\n"
        frames.append({"type": "page_start", "page": number})
        frames.append({"type": "page_delta", "page": number, "delta": text})
        frames.append({"type": "page_end", "page": number, "usage": usage, "engine": "classic", "state": "done"})
    totals = {**usage, "prompt_chars": 0, "input_bytes": 1, "pages": PAGES}
    frames.append({"type": "end", "usage": totals})
    stream = "".join(json.dumps(frame) + "\n" for frame in frames)
    page.route("**/api/jobs/long", lambda route: route.fulfill(json=job))
    page.route("**/api/documents/long/stream*", lambda route: route.fulfill(body=stream))
    page.route("**/api/jobs/long/results*", lambda route: route.fulfill(body=""))
    page.route(
        "**/api/jobs/long/artifacts/**", lambda route: route.fulfill(body=picture(60, 80), content_type="image/png")
    )
