"""A rescan of many small pictures measured, and a person who searches while the workers are full of it."""

import io
import itertools
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
import psutil
from rich.console import Console
from rich.progress import track

SIDE: Final = 64
FOLDER: Final = 1000
"""Pictures in one folder."""
PAUSE_S: Final = 0.25
"""Between two requests of the person who searches."""
REQUESTS: Final = 60
BY_TURNS: Final = (False, True, True, False)
"""Of windows, whether somebody asks: a rescan that becomes slower or faster does so for both."""

_numbers = itertools.count()


def pictures(folder: Path, count: int) -> None:
    """Small JPEGs, no two with the same bytes."""
    from PIL import Image

    chance = random.Random(7)  # noqa: S311
    kinds = []
    for _ in range(50):
        out = io.BytesIO()
        colours = bytes(chance.randrange(256) for _ in range(8 * 8 * 3))
        Image.frombytes("RGB", (8, 8), colours).resize((SIDE, SIDE)).save(out, "JPEG", quality=80)
        kinds.append(out.getvalue())
    for n in track(range(count), "Making pictures", transient=True):
        if n % FOLDER == 0:
            place = folder / f"{n // FOLDER:04d}"
            place.mkdir(parents=True)
        (place / f"{n % FOLDER:04d}.jpg").write_bytes(kinds[n % 50] + n.to_bytes(8, "big"))


def large(count: int, console: Console) -> dict[str, Any]:
    """A rescan of `count` pictures that are decoded and looked at by no model."""
    from cli.bench.meter import cpu_of
    from cli.bench.queue import service
    from cli.bench.rows import row

    with tempfile.TemporaryDirectory(prefix="darkroom-library-") as name:
        library = Path(name)
        pictures(library, count)
        direct = _direct(library)
        with service(LIBRARY_ROOTS=name) as (url, process), httpx.Client(base_url=url, timeout=60) as http:
            before, cpu, started = _broker_bytes(process), cpu_of(process), time.perf_counter()
            job = _submit(http, library, "probe")
            accepted = time.perf_counter() - started
            console.print(f"Accepted in {accepted:.3f} s, listing {count} pictures ...")
            until(lambda: _counts(http, job)["total"] >= count, every=0.1)
            listed = time.perf_counter() - started
            paused = _pause(http, job)
            most = _broker_bytes(process)
            while _state(http, job)["state"] == "running":
                most = max(most, _broker_bytes(process))
                time.sleep(1)
            wall, spent = time.perf_counter() - started, cpu_of(process) - cpu
            found = _counts(http, job)
    return row(
        "bulk",
        "CPU ms an item",
        (spent / count - direct) * 1000,
        cpu_s_per_item=spent / count,
        reference=direct * 1000,
        accuracy={
            "items/s": count / wall,
            "listed/s": count / listed,
            "accepted s": accepted,
            "paused s": paused,
            "broker MB": (most - before) / 1e6,
            "done": found["done"],
        },
    )


def beside(photos: int, turns: int, console: Console) -> list[dict[str, Any]]:
    """CLIP vectors of single photos asked for while a rescan fills the workers, and what the rescan loses by it.

    One rescan goes through windows of `photos` photos, with the person and without by turns, so that what the machine
    does otherwise in one minute than in the next falls on both.
    """
    from cli.bench.queue import service

    windows = BY_TURNS * turns
    with tempfile.TemporaryDirectory(prefix="darkroom-library-") as name:
        pictures(Path(name), 2 * photos * (len(windows) + 1))  # a window has some more, as it is looked at now and then
        with service(LIBRARY_ROOTS=name, PRELOAD="clip") as (url, _), httpx.Client(base_url=url, timeout=60) as http:
            _ask(http, next(_numbers))
            console.print("A person alone ...")
            idle = sorted(_ask(http, next(_numbers)) for _ in range(REQUESTS))
            console.print("A rescan, with the person and alone by turns ...")
            job = _submit(http, Path(name), "clip", force=True)
            until(lambda: _counts(http, job)["done"] >= photos)
            made = [_window(url, http, job, photos, asked) for asked in windows]
            http.post(f"/api/jobs/{job}/cancel").raise_for_status()
    return _compared(idle, made)


def _compared(idle: list[float], made: "list[_Window]") -> list[dict[str, Any]]:
    from cli.bench.rows import row

    with_person, alone = ([each for each in made if each.asked is asked] for asked in (True, False))
    times = sorted(time for each in with_person for time in each.times)
    busy, quiet, asked = _rate(with_person), _rate(alone), len(times) / sum(each.seconds for each in with_person)
    p95, idle_p95 = _p95(times), _p95(idle)
    each = sorted(one.photos / one.seconds / quiet for one in with_person)
    return [
        row(
            "CLIP during a rescan",
            "ms p95",
            p95 * 1000,
            reference=idle_p95 * 1000,
            ratio=p95 / idle_p95,
            accuracy={"p50 ms": median(times) * 1000, "idle p50 ms": median(idle) * 1000, "requests": len(times)},
        ),
        row(
            "rescan while asked",
            "photos/s",
            busy,
            reference=quiet,
            ratio=busy / quiet,
            accuracy={
                "requests/s": asked,
                "ratio with the requests": (busy + asked) / quiet,
                "worst window": each[0],
                "best window": each[-1],
            },
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Window:
    """A while of a rescan: whether a person asked, photos that were done, and how long each of the requests took."""

    asked: bool
    photos: int
    seconds: float
    times: list[float]


def _window(url: str, http: httpx.Client, job: str, photos: int, asked: bool) -> _Window:
    person: AbstractContextManager[list[float]] = asking(url) if asked else nullcontext([])
    with person as times:
        before, started = _counts(http, job)["done"], time.perf_counter()
        until(lambda: _counts(http, job)["done"] >= before + photos)
        done = _counts(http, job)["done"] - before
        return _Window(asked, done, time.perf_counter() - started, times)


def _rate(windows: list[_Window]) -> float:
    """Photos a second."""
    return sum(each.photos for each in windows) / sum(each.seconds for each in windows)


@contextmanager
def asking(url: str) -> Iterator[list[float]]:
    """A person who asks again and again, never with the same picture; the seconds that each answer took."""
    times: list[float] = []
    enough = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=url, timeout=60) as http:
            while not enough.wait(PAUSE_S):
                times.append(_ask(http, next(_numbers)))

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        try:
            yield times
        finally:
            enough.set()
    asked.result()
    times.sort()


def _ask(http: httpx.Client, number: int) -> float:
    started = time.perf_counter()
    answer = http.post("/api/photos?tasks=clip", files={"file": ("p.jpg", _picture(number))})
    answer.raise_for_status()
    return time.perf_counter() - started


def _picture(number: int) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (640, 480), (number % 256, 99, 150)).save(out, "JPEG")
    return out.getvalue() + number.to_bytes(8, "big")


def _p95(times: list[float]) -> float:
    return times[int(len(times) * 0.95)]


def _direct(library: Path) -> float:
    """CPU seconds of a picture's own work: its file is read, hashed and decoded."""
    import hashlib

    from engines.images import decode
    from engines.settings import EngineSettings

    settings, some = EngineSettings(), sorted(library.glob("0000/*.jpg"))
    started = time.process_time()
    for path in some:
        data = path.read_bytes()
        hashlib.sha256(data).hexdigest()
        decode(data, settings)
    return (time.process_time() - started) / len(some)


def _submit(http: httpx.Client, library: Path, task: str, **more: Any) -> str:
    answer = http.post("/api/jobs", json={"library": str(library), "tasks": [task], **more})
    answer.raise_for_status()
    return str(answer.json()["task_id"])


def _pause(http: httpx.Client, job: str) -> float:
    """Seconds until nothing of the job runs any more; then it goes on."""
    started = time.perf_counter()
    if http.post(f"/api/jobs/{job}/pause").status_code != 200:
        return 0.0
    until(lambda: _counts(http, job)["running"] == 0)
    took = time.perf_counter() - started
    http.post(f"/api/jobs/{job}/resume").raise_for_status()
    return took


def _state(http: httpx.Client, job: str) -> dict[str, Any]:
    return dict(http.get(f"/api/jobs/{job}").json())


def _counts(http: httpx.Client, job: str) -> dict[str, int]:
    return dict(_state(http, job)["counts"])


def _broker_bytes(process: psutil.Process) -> int:
    """Resident memory of the private broker."""
    return sum(
        child.memory_info().rss
        for child in process.children(recursive=True)
        if any("valkey" in word for word in child.cmdline()[:1])
    )


def until(look: Callable[[], bool], every: float = 0.05) -> None:
    """Look again and again until it is so."""
    while not look():
        time.sleep(every)
