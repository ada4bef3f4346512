"""What an operator sees."""

import pytest

from tests.conftest import Service
from tests.e2e.browsing import expect
from tests.e2e.conftest import Open
from tests.integration.conftest import Start

pytestmark = pytest.mark.e2e


def test_an_operator_sees_that_all_is_well_and_what_was_measured(service: Service, visit: Open) -> None:
    page = visit(service).go("/system").page
    expect(page.get_by_text("All is well")).to_be_visible()
    for heading in ("Parts", "Capabilities", "The last hour", "Queues", "Devices and workers"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.get_by_role("rowheader", name="Single photos")).to_be_visible()
    expect(page.get_by_role("figure")).to_have_count(4)
    expect(page.get_by_role("figure").first).to_contain_text("Now 0")


def test_what_is_missing_is_named_with_the_command_that_mends_it(start: Start, visit: Open) -> None:
    window = visit(start(CLIP_FALLBACK="", FACE_FALLBACK=""), permissions=["clipboard-read", "clipboard-write"])
    page = window.go("/system").page
    expect(page.get_by_text("Darkroom works, but not all of it")).to_be_visible()
    command = page.get_by_text("darkroom models pull").first
    expect(command).to_be_visible()
    page.get_by_role("button", name="Copy").first.click()
    assert page.evaluate("navigator.clipboard.readText()") == command.inner_text()


def test_another_language_is_kept(service: Service, visit: Open) -> None:
    page = visit(service).go("/system").page
    page.get_by_role("button", name="Language").click()
    page.get_by_role("menuitem", name="中文").click()
    expect(page.get_by_text("一切正常")).to_be_visible()
    page.reload()
    expect(page.get_by_text("一切正常")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
