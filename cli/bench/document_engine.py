"""What Darkroom adds to a document engine: the same pages sent straight to it and through a service, by turns.

Both ways go through one proxy, which notes when the engine's first token of a page passes.
"""

import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import httpx
from rich.console import Console
from rich.progress import track

from cli.bench.proxy import Proxy
from cli.errors import CommandError

if TYPE_CHECKING:
    from engines.settings import EngineSettings

IN_FLIGHT: Final = 8
MODE: Final = "document"
"""Markdown with boxes, what documents are read for."""
A4: Final = (1654, 2339)
PATIENCE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes:
        pages: of one turn, 8 of them in flight.
        turns: each way.
        firsts: A4 pages whose first piece is waited for, one after the other.
        resolution: preset of the turns; the smaller, the more of their time is the writing of tokens.
    """

    pages: int = 64
    turns: int = 3
    firsts: int = 5
    resolution: str = "small"


def measure(plan: Plan, console: Console) -> list[dict[str, Any]]:
    """Tokens a second through a service over those of the bare engine, and what the first piece of a page waits for.

    Raises:
        CommandError: no engine is named, or it does not answer.
    """
    from cli.own_service import own_service
    from engines.settings import EngineSettings

    settings = EngineSettings()
    if not settings.llm_urls:
        raise CommandError("No document engine to measure.", "Start one with darkroom engine, and set LLM_BASE_URL.")
    proxy = Proxy(settings.llm_urls[0])
    try:
        with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
            own = {"LLM_BASE_URL": proxy.url, "DOCUMENT_ENGINE": "", "PRELOAD": "", "LLM_CONCURRENCY": str(IN_FLIGHT)}
            with own_service(Path(folder) / "home", own) as service, httpx.Client(timeout=PATIENCE_S) as client:
                _expect_ready(client, service.url)
                return _measure(
                    plan, _Straight(client, proxy.url, settings), Through(client, service.url), proxy, console
                )
    finally:
        proxy.close()


def _measure(
    plan: Plan, straight: "_Straight", through: "Through", proxy: Proxy, console: Console
) -> list[dict[str, Any]]:
    from cli.bench.rows import row

    def rate(way: "_Straight | Through", pages: int) -> float:
        """Tokens a second of a document that nobody has seen yet."""
        document = _document(pages)
        read = way.prepare(document, plan.resolution)
        started = time.perf_counter()
        return read() / (time.perf_counter() - started)

    for way in (straight, through):  # connections and processes are there before anything is timed
        rate(way, IN_FLIGHT)
    rates: list[tuple[float, float]] = []
    for turn in track(range(plan.turns), "Turns", console=console):
        order = (straight, through) if turn % 2 == 0 else (through, straight)
        found = {way: rate(way, plan.pages) for way in order}
        rates.append((found[straight], found[through]))
    delays = [_first_delay(through, proxy) for _ in track(range(plan.firsts), "A4", console=console)]
    bare, ours = (median(pair[way] for pair in rates) for way in (0, 1))
    shares = [ours / bare for bare, ours in rates]
    spread = {f"turn {number}": share for number, share in enumerate(shares, 1)}
    return [
        row("document engine", "tokens/s", ours, reference=bare, ratio=median(shares), accuracy=spread),
        row("document first piece", "ms", median(delays) * 1000, accuracy={"slowest": max(delays) * 1000}),
    ]


class _Straight:
    """The requests that Darkroom would send for the pages of a PDF, sent by ourselves."""

    def __init__(self, client: httpx.Client, url: str, settings: "EngineSettings") -> None:
        self._client = client
        self._url = url
        self._settings = settings

    def prepare(self, document: bytes, resolution: str) -> Callable[[], int]:
        """What sends its pages, 8 in flight, and counts their tokens; the requests are made here."""
        from engines.document import prompts
        from engines.document.remote_request import build
        from engines.document.types import PageOptions
        from engines.pdf import PdfDocument

        model, options = prompts.find(self._settings.llm_model), PageOptions(mode=MODE, resolution=resolution)
        bodies = []
        with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
            file.write(document)
            file.flush()
            with PdfDocument.open(Path(file.name)) as opened:
                for number in range(1, opened.pages + 1):
                    page = opened.render(number, model.largest_side)
                    request = build(model, self._settings.llm_model, self._settings.llm_prompt, page, options)
                    bodies.append({"temperature": model.temperature, **request.pop("extra_body", {}), **request})

        def read() -> int:
            with ThreadPoolExecutor(IN_FLIGHT) as pool:
                return sum(pool.map(self._send, bodies))

        return read

    def _send(self, body: dict[str, Any]) -> int:
        headers = {"authorization": f"Bearer {self._settings.llm_api_key or 'none'}"}
        tokens = 0
        with self._client.stream("POST", f"{self._url}/chat/completions", json=body, headers=headers) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                if '"usage"' in line:
                    tokens = int(json.loads(line.removeprefix("data: "))["usage"]["completion_tokens"])
        return tokens


class Through:
    """A PDF sent to a service as a client of My OCR does."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client = client
        self._url = url

    def prepare(self, document: bytes, resolution: str) -> Callable[[], int]:
        """What sends it, and counts the tokens of its pages."""

        def read() -> int:
            *_, end = self.frames(document, resolution)
            return int(end["usage"]["completion_tokens"])

        return read

    def frames(self, document: bytes, resolution: str, mode: str = MODE) -> Iterator[dict[str, Any]]:
        """What is streamed. Raises CommandError for a page that failed."""
        headers = {"api-key": os.environ.get("API_AUTH_KEY", "")}
        sent: dict[str, Any] = {
            "files": {"file": ("a.pdf", document)},
            "data": {"mode": mode, "resolution": resolution},
        }
        with self._client.stream("POST", f"{self._url}/api/ocr/pdf", headers=headers, **sent) as answer:
            answer.raise_for_status()
            for line in filter(str.strip, answer.iter_lines()):
                frame = json.loads(line)
                if frame["type"] == "error":
                    raise CommandError(f"A page failed: {frame['message']}")
                yield frame


def _first_delay(through: Through, proxy: Proxy) -> float:
    """Seconds from the engine's first token of an A4 page, a word, until the client has the first piece."""
    proxy.first_tokens.clear()
    arrived = 0.0
    for frame in through.frames(_document(1), "gundam", mode="ocr"):
        if frame["type"] == "page_delta" and not arrived:
            arrived = time.monotonic()
    return arrived - proxy.first_tokens[0]


def _expect_ready(client: httpx.Client, url: str) -> None:
    deadline = time.monotonic() + 30
    while (state := client.get(f"{url}/readyz").json()["capabilities"]["document"])["state"] != "ready":
        if time.monotonic() > deadline:
            raise CommandError(str(state.get("reason")), state.get("hint"))
        time.sleep(0.5)


def _document(pages: int) -> bytes:
    """A PDF of A4 scans, no two alike, so that nothing is answered from memory."""
    from PIL import Image, ImageDraw

    made, name = [], time.time_ns()
    for number in range(pages):
        picture = Image.new("L", A4, "white")
        draw = ImageDraw.Draw(picture)
        for line in range(12):
            text = f"{name} {number}, line {line}: a page that is measured"
            draw.text((140, 160 * (line + 1)), text, "black", font_size=40)
        made.append(picture)
    out = io.BytesIO()
    made[0].save(out, "PDF", save_all=True, append_images=made[1:], resolution=200)
    return out.getvalue()
