"""The way through the queue measured: the same picture decoded here, and through HTTP, spool, queue and worker."""

import http.client
import io
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import psutil
from rich.console import Console

from cli.bench.meter import cpu_of

if TYPE_CHECKING:
    from cli.bench.labelled import Labelled

PICTURE_BYTES = 300_000
STAND_INS = {"CLIP_FALLBACK": "concepts", "FACE_FALLBACK": "dlib"}
"""What answers where the real models cannot be had; the rows name the models that ran."""


@contextmanager
def service(**env: str) -> Iterator[tuple[str, psutil.Process]]:
    """A whole service on a free port with a folder of its own: its URL and its process."""
    from cli.own_service import ELSEWHERE, own_service

    given = {name: os.environ[name] for name in ELSEWHERE if name.endswith("_URL") and name in os.environ}
    usual = {name: value for name, value in STAND_INS.items() if name not in os.environ}
    with (
        tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder,
        own_service(Path(folder) / "home", {**usual, **given, "ENABLE_PROBE": "on", **env}) as own,
    ):
        yield own.url, psutil.Process(own.pid)


def measure(requests: int, pictures: "list[Labelled]", photos: list[Path], console: Console) -> list[dict[str, Any]]:
    """What the queue adds at one and eight clients; recall through every door; one decode for several analyses."""
    from cli.bench import photo

    picture = sample()
    rows = []
    with service() as (url, process):
        for clients in (1, 8):
            console.print(f"Through the queue, {clients} client{'s' * (clients > 1)} ...")
            rows.append(_through(url, process, picture, requests, clients))
        if pictures:
            console.print("Reading through /ocr, /api/photos and a job ...")
            rows += _doors(url, pictures)
        rows += photo.measure(url, process, photos, console)
    return rows


def sample() -> bytes:
    """A JPEG of about 0.3 MB, noise on a gradient, the same every time."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(1).integers(0, 96, (900, 1200, 3))
    ramp = np.linspace(0, 150, 1200)[None, :, None]
    picture = Image.fromarray((noise + ramp).astype(np.uint8))
    for quality in range(95, 10, -3):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if out.tell() <= PICTURE_BYTES:
            break
    return out.getvalue()


class _Decoder:
    """The engine called directly: what a request does in its worker, without any way there."""

    def __init__(self, picture: bytes) -> None:
        from engines.images import decode
        from engines.settings import EngineSettings

        self._call = partial(decode, picture, EngineSettings())

    def __call__(self, _: int = 0) -> tuple[float, float]:
        """Wall and CPU seconds of one call."""
        cpu, wall = time.thread_time(), time.perf_counter()
        self._call()
        return time.perf_counter() - wall, time.thread_time() - cpu


class _Asker:
    """A client that costs little itself: its request is made beforehand, its connection stays open."""

    HEADERS: Final = {"Content-Type": "multipart/form-data; boundary=frontier"}
    HEAD: Final = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="p.jpg"\r\n\r\n'

    def __init__(self, url: str, picture: bytes) -> None:
        self._server = urlsplit(url)
        self._picture = picture
        self._mine = threading.local()

    def __call__(self, _: int = 0) -> float:
        """Wall seconds of one request. No two pictures are alike, so that nothing is answered from memory."""
        if not hasattr(self._mine, "http"):
            self._mine.http = http.client.HTTPConnection(self._server.hostname or "", self._server.port, timeout=60)
        body = b"".join((self.HEAD, self._picture, random.randbytes(8), b"\r\n--frontier--\r\n"))  # noqa: S311
        started = time.perf_counter()
        self._mine.http.request("POST", "/api/photos?tasks=probe", body, self.HEADERS)
        answer = self._mine.http.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"HTTP {answer.status}: {said[:200]!r}")
        return time.perf_counter() - started


def _through(url: str, process: psutil.Process, picture: bytes, requests: int, clients: int) -> dict[str, Any]:
    from cli.bench.rows import row

    ask, direct = _Asker(url, picture), _Decoder(picture)
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(ask, range(clients * 8)))
        if clients == 1:  # by turns, so that both find the processor's caches alike
            cpu = cpu_of(process)
            pairs = [(ask(), *direct()) for _ in range(requests)]
            spent = (cpu_of(process) - cpu) / requests
            times, alone, alone_cpu = (sorted(values) for values in zip(*pairs, strict=True))
            base, direct_cpu = median(alone), fmean(alone_cpu)
            added = median(times) - base
        else:  # requests overlap: what the queue adds to one is what it takes from the throughput
            cpu, wall = cpu_of(process), time.perf_counter()
            times = sorted(pool.map(ask, range(requests)))
            shared, spent = (time.perf_counter() - wall) / requests, (cpu_of(process) - cpu) / requests
            wall = time.perf_counter()
            direct_cpu = fmean(cpu for _, cpu in pool.map(direct, range(requests)))
            base = (time.perf_counter() - wall) / requests
            added = shared - base
    return row(
        "queue" if clients == 1 else f"queue x{clients}",
        "ms added",
        added * 1000,
        cpu_s_per_item=spent - direct_cpu,
        reference=base * 1000,
        ratio=added / base,
        accuracy={"p50 ms": median(times) * 1000, "p95 ms": times[int(len(times) * 0.95)] * 1000},
    )


def _doors(url: str, pictures: "list[Labelled]") -> list[dict[str, Any]]:
    from cli.bench.rows import row
    from engines.ocr.scoring import word_recall

    key = {"api-key": os.environ.get("API_AUTH_KEY", "mt_photos_ai_extra")}
    recalls: dict[str, list[float]] = {"/ocr": [], "/api/photos": [], "job": []}
    started = time.perf_counter()
    with httpx.Client(base_url=url, timeout=120, headers=key) as http:
        for picture in pictures:
            upload = {"file": (picture.path.name, picture.path.read_bytes())}
            mt = http.post("/ocr", files=upload).json()["result"]
            recalls["/ocr"].append(word_recall(picture.text, "\n".join(mt["texts"])))
            native = http.post("/api/photos", files=upload).json()["results"]
            recalls["/api/photos"].append(word_recall(picture.text, native["ocr"]["text"]))
        files = [("files", (picture.path.name, picture.path.read_bytes())) for picture in pictures]
        job = http.post("/api/jobs", files=files, data={"options": '{"force": true}'}).json()
        with http.stream("GET", job["links"]["events"]) as frames:
            for _ in frames.iter_lines():
                pass
        lines = http.get(job["links"]["results"]).text.splitlines()
    texts = _texts(lines)
    recalls["job"] = [word_recall(picture.text, texts[picture.path.name]) for picture in pictures]
    means = {door: fmean(values) for door, values in recalls.items()}
    return [row("ocr doors", "s in all", time.perf_counter() - started, accuracy=means)]


def _texts(lines: list[str]) -> dict[str, str]:
    import orjson

    items = [orjson.loads(line) for line in lines]
    return {item["name"]: (item["results"] or {"ocr": {"text": ""}})["ocr"]["text"] for item in items}
