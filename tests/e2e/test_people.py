"""Who is in photos: gathered, named, parted and put together."""

import re

import pytest
from PIL import Image, ImageEnhance

from cli.samples import photo_paths
from tests.e2e.browsing import expect
from tests.e2e.conftest import Open
from tests.e2e.test_search import scan
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e
LIGHT = (0.7, 0.85, 1.0, 1.15)
FACE = (60, 0, 380, 300)
"""The part of the portrait that has nothing but a face."""


def test_faces_become_people_who_are_named_parted_and_merged(start: Start, visit: Open) -> None:
    portrait = next((path for path in photo_paths() if path.name == "astronaut.png"), None)
    if portrait is None:
        pytest.skip("the sample photos are not installed")
    service = start(FACE_FALLBACK="dlib")
    with Image.open(portrait) as original:
        for number, light in enumerate(LIGHT):
            ImageEnhance.Brightness(original.crop(FACE)).enhance(light).save(service.library / f"{number}.png")
    page = visit(service).go("/people").page
    expect(page.get_by_text("Nobody yet")).to_be_visible()
    scan(service, str(service.library), ("face",))
    page.get_by_role("button", name="Group faces").click()
    people = page.get_by_role("group", name="People")
    expect(people.get_by_role("link", name="Unnamed, 4 faces")).to_be_visible()
    page.get_by_role("button", name="Add a name").click()
    page.keyboard.type("Eileen <i>Collins</i>")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Change the name Eileen <i>Collins</i>")).to_be_focused()

    people.get_by_role("link", name="Eileen <i>Collins</i>, 4 faces").click()
    page.get_by_role("button", name="Somebody else is among them").click()
    page.get_by_role("button", name="Face in 3.png").click()
    page.get_by_role("button", name="Split 1 off").click()
    expect(page.get_by_role("group", name="Faces of this person").get_by_role("link")).to_have_count(1)
    page.get_by_role("button", name="Add a name").click()
    page.keyboard.type("Her twin")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Her twin")).to_be_visible()

    page.get_by_role("link", name="People").last.click()
    page.get_by_role("button", name="Merge people").click()
    people.get_by_role("button", name="Eileen <i>Collins</i>, 3 faces").click()
    people.get_by_role("button", name="Her twin, 1 face").click()
    page.get_by_role("button", name="Merge 2").click()
    question = page.get_by_role("dialog")
    question.get_by_role("radio", name="Her twin").check()
    question.get_by_role("button", name="Merge", exact=True).click()
    people.get_by_role("link", name="Her twin, 4 faces").click()

    page.get_by_role("link", name="Show photos").click()
    expect(page.get_by_text("Photos with Her twin")).to_be_visible()
    found = page.get_by_role("group", name="Matches").get_by_role("button")
    expect(found).to_have_count(len(LIGHT))
    found.first.click()
    photo = page.get_by_role("dialog")
    expect(photo.get_by_role("link", name="Her twin", exact=True)).to_be_visible()
    photo.get_by_role("link", name=re.compile("^Her twin: find")).click()
    expect(page.get_by_text("Photos with this face")).to_be_visible()
    expect(found).not_to_have_count(0)
