"""The API's page for people: everything in it comes from this host."""

import re
from urllib.parse import urljoin

import pytest
from fastapi.testclient import TestClient

from api.main import create_app


@pytest.fixture
def client() -> TestClient:
    """The application without its queue, which the page does not need."""
    return TestClient(create_app())


def test_the_page_and_what_it_loads_come_from_here(client: TestClient) -> None:
    page = client.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text, flags=re.DOTALL)
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text)
    assert {"docs/start.js", "docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "openapi.json"} <= set(loaded)
    for name in set(loaded) - {"../icon.svg"}:  # which is there where the web page is built
        answer = client.get(urljoin("/api/docs", name))
        assert answer.status_code == 200
        assert len(answer.content) > 100


def test_no_other_host_would_be_asked(client: TestClient) -> None:
    for path in ("/api/docs", "/api/docs/start.js", "/api/docs/swagger-ui-bundle.js", "/api/docs/swagger-ui.css"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'self'; script-src 'self';" in policy
        assert "http" not in policy
    assert "validatorUrl: null" in client.get("/api/docs/start.js").text


def test_nothing_else_of_the_carrying_package_is_served(client: TestClient) -> None:
    for name in ("redoc.standalone.js", "favicon.png", "../core.py", "%2e%2e/core.py", ""):
        assert client.get(f"/api/docs/{name}", follow_redirects=False).status_code in (307, 404)
