"""Every view in both themes, wide and narrow, as axe sees it."""

import pytest

from tests.conftest import Service
from tests.e2e.axe import AXE, complaints
from tests.e2e.conftest import Open
from tests.e2e.sights import fill, settle

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not AXE.is_file(), reason="no axe-core here: npm ci in frontend/"),
]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def sights(service: Service) -> dict[str, str]:
    return fill(service)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave(
    service: Service, sights: dict[str, str], visit: Open, theme: str, size: dict[str, int]
) -> None:
    window = visit(service, color_scheme=theme, viewport=size, bypass_csp=True)
    window.expect("Failed to load resource.*4(04|22)")  # previews of a torn picture
    found = []
    for name, path in sights.items():
        window.page.goto(path)
        settle(window.page)
        found += [f"{name}: {line}" for line in complaints(window.page)]
        assert window.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave_in_forms(service: Service, visit: Open, theme: str) -> None:
    window = visit(service, color_scheme=theme, bypass_csp=True)
    page = window.go("/rescans").page
    page.get_by_role("button", name="New rescan").click()
    page.get_by_role("dialog").wait_for()
    page.wait_for_timeout(500)
    assert complaints(page) == []
