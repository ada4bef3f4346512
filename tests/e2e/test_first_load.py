"""What the page weighs before anything is opened."""

import gzip

import pytest

from tests.conftest import Service
from tests.e2e.conftest import Open

pytestmark = pytest.mark.e2e
MOST = 300_000


def test_the_first_load_is_under_300_kilobytes_of_compressed_script(service: Service, visit: Open) -> None:
    window = visit(service)
    scripts: list[str] = []
    window.page.on("request", lambda r: scripts.append(r.url) if r.resource_type == "script" else None)
    window.page.on("request", lambda r: scripts.append(r.url) if r.url.endswith(".js") else None)
    window.go("/").page.wait_for_load_state("networkidle")
    assert scripts
    sizes = {url: len(gzip.compress(service.http.get(url).content, 6)) for url in set(scripts)}
    assert sum(sizes.values()) < MOST, sizes


def test_a_script_travels_compressed_and_is_kept(service: Service, visit: Open) -> None:
    page = visit(service).go("/").page
    source = page.locator("script[type=module]").first.get_attribute("src")
    answer = service.http.get(source or "", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
