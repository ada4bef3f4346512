"""The web page: its files and nothing else, its headers, and what is there without it."""

import gzip
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from api.main import create_app
from api.routes import page

INDEX = b"<!doctype html><title>Darkroom</title><div id=root></div>"
SCRIPT = b"console.log('a page')" * 100
VIEWS = (
    "/",
    "/photos",
    "/photos/abc",
    "/search",
    "/people",
    "/people/abc",
    "/rescans",
    "/rescans/abc",
    "/read/abc",
    "/system",
)


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built page beside a file that is none of it."""
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "assets" / "index-1.js").write_bytes(SCRIPT)
    (folder / "assets" / "index-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (folder / "assets" / "font.woff2").write_bytes(b"wOF2")
    (tmp_path / "secret").write_text("secret")
    (folder / "assets" / "way-out").symlink_to(tmp_path / "secret")
    monkeypatch.setattr(page, "WEB", folder)
    return folder


@pytest.fixture
def client() -> TestClient:
    """The application without its queue, which the page does not need."""
    return TestClient(create_app(), raise_server_exceptions=False)


def is_safe(answer: httpx.Response) -> bool:
    policy = answer.headers["content-security-policy"]
    return (
        "script-src 'self';" in policy
        and "frame-ancestors 'none'" in policy
        and answer.headers["x-content-type-options"] == "nosniff"
        and answer.headers["referrer-policy"] == "no-referrer"
    )


@pytest.mark.parametrize("path", VIEWS)
def test_each_view_is_the_page_and_is_asked_for_again(web: Path, client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert is_safe(answer)
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/icon.svg").headers["content-type"] == "image/svg+xml"


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere", "/photos/a/b", "/system/x", "/index.html", "/read"])
def test_what_is_unknown_is_404_in_our_form_and_no_page(web: Path, client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_assets_are_kept_for_ever_and_come_compressed_to_who_takes_that(web: Path, client: TestClient) -> None:
    packed = client.get("/assets/index-1.js", headers={"Accept-Encoding": "gzip"})
    assert (packed.content, packed.headers["content-encoding"]) == (SCRIPT, "gzip")
    assert int(packed.headers["content-length"]) < len(SCRIPT)
    plain = client.get("/assets/index-1.js", headers={"Accept-Encoding": "identity"})
    assert plain.content == SCRIPT
    assert "content-encoding" not in plain.headers
    for answer in (packed, plain):
        assert "javascript" in answer.headers["content-type"]
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Accept-Encoding"
        assert is_safe(answer)
    assert client.get("/assets/font.woff2", headers={"Accept-Encoding": "gzip"}).content == b"wOF2"
    assert client.get("/assets/gone.js").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../secret",
        "/assets/%2e%2e/%2e%2e/secret",
        "/assets/..%2f..%2fsecret",
        "/assets/..%5c..%5csecret",
        "/assets//etc/passwd",
        "/assets/%2fetc/passwd",
        "/assets/way-out",
        "/assets/%00",
        "/assets/",
        "/assets/" + "a" * 5000,
        "/photos/..%2f..%2fsecret",
    ],
)
def test_no_path_leads_out_of_the_page(web: Path, client: TestClient, path: str) -> None:
    for method in ("GET", "POST"):
        answer = client.request(method, path)
        assert answer.status_code in (404, 405), path
        assert b"secret" not in answer.content
        assert b"root:" not in answer.content


def test_without_a_built_page_the_address_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: TestClient
) -> None:
    monkeypatch.setattr(page, "WEB", tmp_path / "none")
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "make page" in answer.text
    assert is_safe(answer)
    assert client.get("/livez").json() == {"alive": True}
    for path in ("/photos", "/read/abc", "/assets/index.js", "/icon.svg"):
        assert client.get(path).status_code == 404
