"""A browser on a service's page, and whatever went wrong in it."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

try:
    from playwright.sync_api import expect, sync_playwright
except ImportError:  # these tests are skipped then
    expect = sync_playwright = None
else:
    expect.set_options(timeout=45_000)  # a busy machine starts a browser beside a whole service

__all__ = ["Visit", "chromium", "expect", "lacking", "running"]

WEB: Final = Path(__file__).parents[2] / "api" / "web" / "index.html"


def lacking() -> str | None:
    """What these tests need and do not have, with the command that gets it."""
    if sync_playwright is None:
        return "no playwright here: make setup-dev"
    if chromium() is None:
        return "no Chromium here: apt-get install chromium, or CHROMIUM=/path/to/it"
    if not WEB.is_file():
        return "the web page is not built: make page"
    return None


def chromium() -> str | None:
    """The browser's program."""
    wanted = os.environ.get("CHROMIUM", "chromium")
    return shutil.which(wanted)


@contextmanager
def running() -> Iterator[Any]:
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        # Chromium's sandbox needs rights that root in a container has not; what it shows here is our own page.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Visit:
    """One person's browser window on a service.

    Attributes:
        page: Playwright's.
        troubles: console errors, broken scripts, dialogs, refused requests, each a line.
        foreign: addresses that were asked for on other hosts.
        scripts: what came of scripts: the address of each, and its size as it travels when compressed.
    """

    def __init__(self, browser: Any, url: str, **context: Any) -> None:
        self.url = url
        self.context = browser.new_context(base_url=url, **{"locale": "en-US", **context})
        self.page = self.context.new_page()
        self.page.set_default_timeout(45_000)
        self.troubles: list[str] = []
        self.foreign: list[str] = []
        self.expected: list[str] = []
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("dialog", self._on_dialog)
        self.page.on("request", self._on_request)
        self.page.on("requestfailed", self._on_failed)

    def go(self, path: str = "/") -> "Visit":
        """Open an address of the service and wait until its view is there."""
        self.page.goto(path)
        self.page.locator("main :is(h1, h2)").first.wait_for()
        return self

    def expect(self, *patterns: str) -> None:
        """Troubles that match are part of the test."""
        self.expected += patterns

    def unexpected(self) -> list[str]:
        """What went wrong and should not have."""
        everything = [*self.troubles, *(f"asked another host: {url}" for url in self.foreign)]
        return [line for line in everything if not any(re.search(pattern, line) for pattern in self.expected)]

    def close(self) -> None:
        """Close the window."""
        self.context.close()

    def _on_console(self, message: Any) -> None:
        if message.type == "error":
            self.troubles.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_dialog(self, dialog: Any) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _on_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.url).netloc:
            self.foreign.append(request.url)

    def _on_failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page itself let go of it
            self.troubles.append(f"request: {request.failure} {request.url}")
