"""The way through the queue measured: the same picture decoded here, and through HTTP, spool, queue and worker."""

import io
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import httpx
import psutil
from rich.console import Console

if TYPE_CHECKING:
    from cli.bench_ocr import Labelled

PICTURE_BYTES = 300_000


@contextmanager
def service() -> Iterator[tuple[str, psutil.Process]]:
    """A whole service on a free port with a folder of its own: its URL and its process."""
    from cli import environment

    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as home:
        command = [environment.program(), "up", "--port", "0", "--data", home]
        child = subprocess.Popen(
            command, env={**os.environ, "ENABLE_PROBE": "on"}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            if " on " not in line:
                raise RuntimeError(f"The service did not start:\n{child.stderr.read() if child.stderr else ''}")
            yield line.strip().rpartition(" ")[2], psutil.Process(child.pid)
        finally:
            child.terminate()
            child.wait(30)


def measure(requests: int, pictures: "list[Labelled]", console: Console) -> list[dict[str, Any]]:
    """Milliseconds and CPU that the queue adds, at one and eight clients; recall through every door."""
    picture = sample()
    rows = []
    with service() as (url, process):
        for clients in (1, 8):
            console.print(f"Through the queue, {clients} client{'s' * (clients > 1)} ...")
            rows.append(_through(url, process, picture, requests, clients))
        if pictures:
            console.print("Reading through /ocr, /api/photos and a job ...")
            rows += _doors(url, pictures)
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


def _direct(picture: bytes, requests: int, clients: int) -> tuple[float, float, float]:
    """Seconds of one call (median), wall seconds and CPU seconds a call, at so many threads."""
    from engines.images import decode
    from engines.settings import EngineSettings

    settings = EngineSettings()

    def call(_: int) -> float:
        started = time.perf_counter()
        decode(picture, settings)
        return time.perf_counter() - started

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(call, range(clients * 2)))
        cpu, wall = time.process_time(), time.perf_counter()
        times = list(pool.map(call, range(requests)))
        return median(times), (time.perf_counter() - wall) / requests, (time.process_time() - cpu) / requests


def _through(url: str, process: psutil.Process, picture: bytes, requests: int, clients: int) -> dict[str, Any]:
    from cli.bench import row

    direct_s, direct_wall, direct_cpu = _direct(picture, requests, clients)

    with httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_connections=clients)) as http:

        def ask(_: int) -> float:
            unlike = picture + random.randbytes(8)  # noqa: S311 - no two alike, so that nothing is answered from memory
            started = time.perf_counter()
            answer = http.post("/api/photos?tasks=probe", files={"file": ("p.jpg", unlike)})
            answer.raise_for_status()
            return time.perf_counter() - started

        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(ask, range(clients * 4)))
            cpu, wall = cpu_of(process), time.perf_counter()
            times = sorted(pool.map(ask, range(requests)))
            wall = time.perf_counter() - wall
            spent = (cpu_of(process) - cpu) / requests
    # With several clients requests overlap: what the queue adds to one is what it takes from the throughput.
    base = direct_s if clients == 1 else direct_wall
    added = (median(times) if clients == 1 else wall / requests) - base
    return row(
        "queue" if clients == 1 else f"queue x{clients}",
        "ms added",
        added * 1000,
        cpu_s_per_item=spent - direct_cpu,
        reference=base * 1000,
        ratio=added / base,
        accuracy={"p50 ms": median(times) * 1000, "p95 ms": times[int(len(times) * 0.95)] * 1000},
    )


def cpu_of(process: psutil.Process) -> float:
    """CPU seconds of a process and all that it has started and that still run."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        spent = one.cpu_times()
        total += spent.user + spent.system
    return total


def _doors(url: str, pictures: "list[Labelled]") -> list[dict[str, Any]]:
    from cli.bench import row
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
