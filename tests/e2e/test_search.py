"""Photos found again by what is written in them and by what they show; one of them put right."""

import json
import re
from typing import Any

import pytest

from cli.samples import photo_paths
from tests.conftest import Service, picture, until
from tests.e2e.browsing import expect
from tests.e2e.conftest import Open
from tests.integration.conftest import Start
from tests.pdfs import pdf

pytestmark = pytest.mark.e2e
HOSTILE = "<img src=x onerror=alert(1)>.png"
SIGNS = {"pier.png": "Pier Wolfram", "ferry.png": "Wolfram ferry", HOSTILE: "Ticket office"}
MANY = 400


@pytest.fixture(scope="module")
def folder(service: Service) -> str:
    """A folder that was looked at: three signs, and photos where they are installed."""
    place = service.library / "findable"
    place.mkdir()
    for number, (name, text) in enumerate(SIGNS.items()):
        (place / name).write_bytes(picture(700, 260, text, seed=700 + number))
    for path in photo_paths():
        (place / path.name).write_bytes(path.read_bytes())
    scan(service, str(place))
    return str(place)


def scan(service: Service, path: str, tasks: tuple[str, ...] = ("ocr", "clip", "face")) -> None:
    """Have a folder looked at, and wait for it."""
    asked = {"library": path, "tasks": tasks, "priority": "interactive"}
    job = service.http.post("/api/jobs", json=asked).raise_for_status().json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["finished_at"], 120, "the rescan's end")


def look_for(page: Any, words: str) -> Any:
    """Give words to the field; the group of what is found."""
    page.get_by_role("textbox", name="Search photos").fill(words)
    page.keyboard.press("Enter")
    return page.get_by_role("group", name="Matches")


def test_a_stroke_leads_to_the_field_and_words_to_their_place_in_a_photo(
    service: Service, folder: str, visit: Open
) -> None:
    page = visit(service).go("/system").page
    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name="Search photos")).to_be_focused()
    page.keyboard.type("WOLFRAM ferry")
    page.keyboard.press("Enter")
    found = page.get_by_role("group", name="Matches").get_by_role("button", name=re.compile("^ferry.png"))
    expect(found.locator("mark")).to_have_text(["Wolfram", "ferry"])
    expect(found.locator("polygon")).to_have_count(1)
    question = page.url
    found.click()
    photo = page.get_by_role("dialog")
    expect(photo.locator("polygon[data-lit]")).to_have_attribute("aria-label", "Wolfram ferry")
    expect(photo.get_by_role("region", name="Text").locator("mark")).to_have_text(["Wolfram", "ferry"])
    page.go_back()
    expect(photo).to_have_count(0)
    assert page.url == question
    page.go_back()
    expect(page.get_by_role("textbox", name="Search photos")).to_have_value("")


def test_what_a_photo_shows_is_found_and_the_stand_in_is_named(service: Service, folder: str, visit: Open) -> None:
    if not photo_paths():
        pytest.skip("the sample photos are not installed")
    page = visit(service).go("/search").page
    found = look_for(page, "clip:a cat")
    expect(found.get_by_role("button").first).to_have_attribute("aria-label", re.compile("^chelsea.png.*by meaning"))
    expect(page.get_by_role("note")).to_contain_text("No CLIP model is installed")
    found.get_by_role("button").first.click()
    page.get_by_role("dialog").get_by_role("link", name="Show all").click()
    expect(page.get_by_text("More like this photo")).to_be_visible()
    expect(found.get_by_role("button").first).to_be_visible()
    expect(found.get_by_role("button", name=re.compile("^chelsea.png"))).to_have_count(0)


def test_a_search_stays_in_a_folder_and_a_time(service: Service, folder: str, visit: Open) -> None:
    page = visit(service).go("/search?q=wolfram&mode=text").page
    expect(page.get_by_text("2 matches", exact=True)).to_be_visible()
    page.get_by_label("Taken on this day or before").fill("1999-12-31")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    expect(page).to_have_url(re.compile("until=1999-12-31"))
    page.get_by_role("button", name="Search everywhere, at any time").click()
    expect(page.get_by_text("2 matches", exact=True)).to_be_visible()
    page.get_by_role("button", name="Folder: All folders").click()
    page.get_by_role("dialog").get_by_role("button", name="findable").click()
    page.get_by_role("button", name="Search in this folder").click()
    expect(page.get_by_role("button", name="Folder: findable")).to_be_visible()
    expect(page.get_by_text("2 matches", exact=True)).to_be_visible()


def test_a_text_is_corrected_and_found_by_what_was_written(service: Service, folder: str, visit: Open) -> None:
    page = visit(service).go("/search").page
    look_for(page, "pier wolfram").get_by_role("button", name=re.compile("^pier.png")).click()
    photo = page.get_by_role("dialog")
    photo.get_by_role("button", name="Correct").click()
    expect(photo.get_by_role("textbox", name="The right text")).to_have_value("Pier Wolfram")
    page.keyboard.press("Escape")
    expect(photo.get_by_role("button", name="Correct")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Tungsten <b>quay</b><script>alert(1)</script>")
    photo.get_by_role("button", name="Save").click()
    expect(photo.get_by_text("Corrected by hand")).to_be_visible()
    expect(photo.get_by_text("<script>alert(1)</script>")).to_be_visible()
    page.keyboard.press("Escape")
    found = look_for(page, "tungsten")
    expect(found.locator("mark")).to_have_text(["Tungsten"])
    found.get_by_role("button", name=re.compile("^pier.png")).click()
    photo.get_by_role("button", name="Take back").click()
    expect(photo.get_by_text("Corrected by hand")).to_have_count(0)
    expect(photo.get_by_role("region", name="Text")).to_contain_text("Pier Wolfram")


def test_a_photo_is_looked_at_again_and_an_earlier_result_is_used(service: Service, folder: str, visit: Open) -> None:
    page = visit(service).go("/search").page
    look_for(page, "wolfram ferry").get_by_role("button", name=re.compile("^ferry.png")).click()
    photo = page.get_by_role("dialog")
    photo.get_by_role("button", name="Look again").click()
    for task in ("Likeness", "Faces"):
        photo.locator("label", has_text=task).click()
    photo.get_by_role("combobox", name="With this model").fill("PP-OCRv5_mobile")
    photo.get_by_role("button", name="Look again").last.click()
    expect(photo.get_by_role("row", name="Text by PP-OCRv5_mobile")).to_be_visible()
    photo.get_by_role("button", name=re.compile("^Use again: Text")).click()
    expect(photo.get_by_role("row", name="Text by PP-OCRv6_small")).to_be_visible()
    expect(photo.get_by_role("region", name="Text")).to_contain_text("Wolfram ferry")


def test_a_name_and_a_text_of_markup_are_shown_as_they_are(service: Service, folder: str, visit: Open) -> None:
    page = visit(service).go("/search?q=ticket+office&mode=text").page
    page.get_by_role("group", name="Matches").get_by_role("button").click()
    expect(page.get_by_role("dialog").get_by_text(HOSTILE).first).to_be_visible()


def test_a_page_of_a_document_leads_to_that_page(service: Service, visit: Open) -> None:
    file = {"file": ("guide.pdf", pdf([("Of lamps",), ("Of zirconium lanterns",)]), "application/pdf")}
    job = service.http.post("/api/documents", files=file, data={"stream": "false"}).json()["task_id"]
    until(lambda: service.http.get(f"/api/jobs/{job}").json()["finished_at"], 60, "the document's end")
    page = visit(service).go("/search").page
    look_for(page, "zirconium").get_by_role("link", name="guide.pdf, Page 2").click()
    page.wait_for_url(re.compile(f"/read/{job}#page-2"))
    expect(page.get_by_role("region", name="Text", exact=True)).to_contain_text("Of zirconium lanterns")


def test_without_a_model_text_is_found_and_what_is_missing_is_said(start: Start, visit: Open) -> None:
    service = start(CLIP_FALLBACK="", FACE_FALLBACK="")
    (service.library / "sign.png").write_bytes(picture(700, 260, "Molybdenum street"))
    window = visit(service)
    window.expect("Failed to load resource.*503")
    page = window.go("/search").page
    expect(page.get_by_text("Nothing can be found yet")).to_be_visible()
    expect(page.get_by_role("link", name="Scan a folder")).to_be_visible()
    scan(service, str(service.library), ("ocr",))
    found = look_for(page, "molybdenum")
    expect(found.get_by_role("button", name=re.compile("^sign.png"))).to_be_visible()
    expect(page.get_by_role("note")).to_contain_text("Only text was searched")
    page.get_by_text("Meaning", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("darkroom models pull")


def test_more_comes_with_scrolling_and_little_of_it_is_made(service: Service, visit: Open) -> None:
    page = visit(service).page
    page.route(re.compile("/api/search"), pretend)
    small = picture(40, 30)
    page.route(re.compile("/api/photos/.*/picture"), lambda route: route.fulfill(body=small, content_type="image/png"))
    page.goto("/search?q=boat")
    last = page.get_by_role("group", name="Matches").get_by_role("button", name=f"{MANY - 1}.jpg")
    until(lambda: to_end(page) and last.count(), 30, "the last match")
    expect(page.get_by_text(f"{MANY} matches", exact=True)).to_be_visible()
    assert page.evaluate("document.querySelectorAll('[data-index]').length") < MANY / 2


def to_end(page: Any) -> bool:
    """Down to the end, as far as it is known."""
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_timeout(150)
    return True


def pretend(route: Any) -> None:
    """Many photos that nobody has to make."""
    asked = dict(pair.split("=") for pair in route.request.url.split("?")[1].split("&"))
    start, limit = int(asked.get("cursor", 0)), int(asked["limit"])
    rest: dict[str, Any] = {"page": None, "library": "", "path": None, "task_id": None, "taken_at": None}
    size = {"width": 40, "height": 30, "score": 1, "found_by": [], "matches": []}
    numbers = range(start, min(start + limit, MANY))
    items = [{"sha256": f"{number:064x}", "name": f"{number}.jpg", **rest, **size} for number in numbers]
    following = str(start + limit) if start + limit < MANY else None
    route.fulfill(body=json.dumps({"items": items, "next": following, "models": {}, "notes": []}))
