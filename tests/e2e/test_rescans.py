"""Rescans: begun in the form, held, let go on, and what failed."""

import re

import pytest

from tests.conftest import Service, picture
from tests.e2e.browsing import expect
from tests.e2e.conftest import Open

pytestmark = pytest.mark.e2e
PHOTOS = 40


def test_a_rescan_is_begun_in_the_form_paused_resumed_and_ends(own_service: Service, visit: Open) -> None:
    folder = own_service.library / "holiday"
    folder.mkdir()
    for number in range(PHOTOS):
        (folder / f"{number:03}.png").write_bytes(picture(800, 600, f"Pier {number}", seed=number))
    page = visit(own_service).go("/rescans").page
    page.get_by_role("button", name="New rescan").click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="holiday").click()
    expect(form.get_by_text(f"{PHOTOS} pictures directly in this folder")).to_be_visible()
    form.get_by_role("button", name="Count first").click()
    expect(form.get_by_text(f"{PHOTOS} photos", exact=True)).to_be_visible()
    form.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/rescans/."))
    page.get_by_role("button", name=re.compile("^Pause:")).click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    job = page.url.rsplit("/", 1)[1]
    assert own_service.http.get(f"/api/jobs/{job}").json()["state"] == "paused"
    page.get_by_role("button", name=re.compile("^Go on:")).click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible(timeout=150_000)
    counts = own_service.http.get(f"/api/jobs/{job}").json()["counts"]
    assert (counts["done"], counts["failed"]) == (PHOTOS, 0)


def test_a_failed_photo_shows_its_error(service: Service, visit: Open) -> None:
    folder = service.library / "attic"
    folder.mkdir()
    (folder / "good.png").write_bytes(picture(seed=3))
    (folder / "torn.jpg").write_bytes(picture(800, 600, "torn", form="JPEG")[:900])
    job = service.http.post("/api/jobs", json={"library": str(folder), "tasks": ["probe"]}).json()["task_id"]
    window = visit(service)
    window.expect(f"Failed to load resource.*4(04|22).*{job}")  # there is no preview of what cannot be decoded
    page = window.go(f"/rescans/{job}").page
    failures = page.get_by_role("region", name="Failed photos")
    expect(failures).to_contain_text("torn.jpg")
    expect(failures).not_to_contain_text("good.png")
    error = service.http.get(f"/api/jobs/{job}/results?status=failed").json()["error"]
    expect(failures).to_contain_text(error["message"], ignore_case=True)
    expect(failures).to_contain_text(error["code"])
