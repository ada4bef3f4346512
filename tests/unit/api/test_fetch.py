"""Which addresses may be fetched, whatever their names say."""

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import api.fetch
from api.errors import ApiError
from api.fetch import fetch
from api.settings import ApiSettings

OPEN = ApiSettings(allow_url_fetch="*")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://10.0.0.8/a.png",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://2130706433/",
    ],
)
async def test_private_addresses_are_never_asked_even_where_all_is_allowed(url: str) -> None:
    with pytest.raises(ApiError) as refused:
        await fetch(url, OPEN)
    assert refused.value.code == "url_not_allowed"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://example.org/", "http://user:pass@example.org/", "http:///"]
)
async def test_other_kinds_of_addresses_are_refused(url: str) -> None:
    with pytest.raises(ApiError) as refused:
        await fetch(url, OPEN)
    assert refused.value.code == "url_not_allowed"


async def test_only_hosts_that_are_named_are_asked() -> None:
    with pytest.raises(ApiError, match="not fetched from there"):
        await fetch("https://other.example/a.png", ApiSettings(allow_url_fetch="pictures.example"))


@pytest.mark.parametrize(
    "url", ["http://example.org:99999/", "http://[::1", "http://a..b/", "http://example.org:port/", "http://exa mple/"]
)
async def test_addresses_that_are_none_are_refused(url: str) -> None:
    with pytest.raises(ApiError) as refused:
        await fetch(url, OPEN)
    assert refused.value.code in ("bad_request", "url_unreachable", "url_not_allowed")


@pytest.mark.parametrize("url", ["http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://224.0.0.1/"])
async def test_addresses_that_stand_for_private_ones_are_never_asked(url: str) -> None:
    with pytest.raises(ApiError) as refused:
        await fetch(url, OPEN)
    assert refused.value.code == "url_not_allowed"


class Host(BaseHTTPRequestHandler):
    """A host out there: one path leads inside, one never ends, one is slow."""

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            if self.path == "/inside":
                self.send_response(302)
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/secret")  # type: ignore[attr-defined]
                self.end_headers()
                return
            if self.path == "/round":
                self.send_response(302)
                self.send_header("Location", "/round")
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            for _ in range(10_000):
                self.wfile.write(b"x" * (65536 if self.path == "/endless" else 1))
                if self.path == "/slow":
                    time.sleep(0.02)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its address under a public name; only that name's address is made up."""
    real = api.fetch._address

    async def address(name: str, port: int) -> str:
        return "127.0.0.1" if name == "public.test" else await real(name, port)

    monkeypatch.setattr(api.fetch, "_address", address)
    monkeypatch.setattr(api.fetch, "TIMEOUT_S", 1.5)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://public.test:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/inside", "url_not_allowed"),
        ("/round", "url_unreachable"),
        ("/slow", "url_unreachable"),
        ("/endless", "too_large"),
    ],
)
async def test_what_a_host_does_is_bounded(host: str, path: str, code: str) -> None:
    begun = time.monotonic()
    with pytest.raises(ApiError) as refused:
        await fetch(host + path, ApiSettings(allow_url_fetch="*", max_upload_mb=1))
    assert refused.value.code == code
    assert time.monotonic() - begun < 10
