"""How cost grows: with clients, worker processes, items, lines on a page, faces in a photo."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
import psutil
from rich.console import Console
from rich.progress import track

from cli.bench import rescan
from cli.bench.alone import Alone
from cli.bench.clients import Asker, Fresh, turn
from cli.bench.doors import upload
from cli.bench.labelled import Material
from cli.bench.meter import cpu_of
from cli.bench.plan import Plan
from cli.bench.rows import Row, row
from cli.bench.weights import Weights

if TYPE_CHECKING:
    from engines.images import Image

CLIENTS: Final = (1, 4, 8, 16, 32)
WORKERS: Final = (1, 2, 3)
LINES: Final = (5, 10, 20, 40)
FACES: Final = (1, 2, 4, 8)
ITEMS: Final = (1000, 4000, 16_000)
PAGE: Final = (1240, 1754)
TILE: Final = 400
ROUNDS: Final = 3


def measure(material: Material, weights: Weights, plan: Plan, console: Console) -> list[Row]:
    """All of them; the queue's own ceiling first, with an engine that does nothing."""
    alone = Alone(weights)
    rows = [_lines(alone, console)]
    rows += _faces(alone, material, console)
    alone.engines.unload()
    rows.append(_clients(plan, console))
    rows.append(_items(console))
    rows.append(_workers(plan, console))
    return rows


def _clients(plan: Plan, console: Console) -> Row:
    """Requests a second through HTTP, spool, queue and worker with a picture that nothing is asked of."""
    from cli.bench.queue import service

    fresh, found = Fresh([_tiny()]), {}
    with service(PRELOAD="") as (url, process):
        for clients in track(CLIENTS, "A do-nothing engine, by clients", console=console):
            requests = [upload("/api/photos?tasks=probe", data) for data in fresh.take(plan.requests * 5)]
            with Asker(url) as ask:
                turn(ask, requests[: plan.requests // 2], clients)
                found[clients] = turn(ask, requests[plan.requests // 2 :], clients, process)
    best = max(found, key=lambda clients: found[clients].rate)
    return row(
        "queue's ceiling",
        "requests/s",
        found[best].rate,
        cpu_s_per_item=found[best].cpu,
        accuracy={f"{clients} clients": each.rate for clients, each in found.items()},
    )


def _items(console: Console) -> Row:
    """What an item costs in rescans of more and more small pictures that nothing is asked of."""
    spent: dict[int, float] = {}
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        home, library = Path(folder) / "home", Path(folder) / "library"
        for count in ITEMS:
            rescan.pictures(library / str(count), count)
        with _service(home, library) as (url, process), httpx.Client(base_url=url, timeout=60) as http:
            _bulk(http, library / str(ITEMS[0]), process)  # whoever comes first pays for what is loaded then
            for count in track(ITEMS, "Items of a rescan", console=console):
                spent[count] = _bulk(http, library / str(count), process)[1]
    found = {f"{count} items": 1000 * seconds for count, seconds in spent.items()}
    return row("rescan, by items", "CPU ms an item", 1000 * spent[ITEMS[-1]], accuracy=found)


def _workers(plan: Plan, console: Console) -> Row:
    """Items a second of rescans of small pictures that nothing is asked of, by worker processes for bulk work."""
    rates: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        home, library = Path(folder) / "home", Path(folder) / "library"
        rescan.pictures(library, plan.bulk)
        with _service(home, library) as (url, process), httpx.Client(base_url=url, timeout=60) as http:
            _bulk(http, library, process)  # the pages of the files are in memory from here on
            for workers in track(WORKERS, "Items, by worker processes", console=console):
                with _more(home, workers - 1):
                    rate, cpu = _bulk(http, library, process)
                    rates[f"{workers} processes"] = rate
                    if workers == 1:
                        spent = cpu
    best = max(rates.values())
    return row(
        "bulk's ceiling",
        "items/s",
        best,
        cpu_s_per_item=spent,
        reference=rates["1 processes"],
        ratio=best / rates["1 processes"],
        accuracy=rates,
    )


@contextlib.contextmanager
def _service(home: Path, library: Path) -> Iterator[tuple[str, psutil.Process]]:
    from cli.own_service import own_service

    settings = {"ENABLE_PROBE": "on", "LIBRARY_ROOTS": str(library), "PRELOAD": "", "DOCUMENT_ENGINE": "classic"}
    with own_service(home, settings) as own:
        yield own.url, psutil.Process(own.pid)


@contextlib.contextmanager
def _more(home: Path, count: int) -> Iterator[None]:
    """So many further workers for bulk work beside those that the service has."""
    from cli import environment
    from cli.child import bound_to

    base = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    library = str(home.with_name("library"))
    env = {**environment.for_parts(home, "127.0.0.1", 0, base), "LIBRARY_ROOTS": library, "ENABLE_PROBE": "on"}
    made = [
        subprocess.Popen(
            [environment.program(), "worker", "--device", "cpu", "--queues", "bulk", "--name", f"more-{number}"],
            env={**env, "PRELOAD": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=bound_to(os.getpid()),
        )
        for number in range(count)
    ]
    try:
        if made:
            time.sleep(5)  # they are at their queues by then
        yield
    finally:
        for process in made:
            process.terminate()
        for process in made:
            process.wait()


def _bulk(http: httpx.Client, library: Path, process: psutil.Process) -> tuple[float, float]:
    """Items a second, and CPU seconds an item of the service's own processes."""
    cpu, started = cpu_of(process), time.perf_counter()
    answer = http.post("/api/jobs", json={"library": str(library), "tasks": ["probe"], "force": True})
    answer.raise_for_status()
    job: dict[str, Any] = answer.json()
    while job["state"] in ("queued", "running"):
        time.sleep(0.05)
        job = http.get(f"/api/jobs/{job['task_id']}").json()
    total = int(job["counts"]["total"])
    return total / (time.perf_counter() - started), (cpu_of(process) - cpu) / total


def _lines(alone: Alone, console: Console) -> Row:
    """Reading pages with more and more lines."""
    engine, spent = alone.engines.engine("ocr"), {}
    for count in track(LINES, "Lines on a page", console=console):
        image = _page(count)
        spent[count] = _best(lambda page=image: engine.read(page))  # type: ignore[misc]
    return _growth("page", "ms a line", spent, "lines")


def _faces(alone: Alone, material: Material, console: Console) -> list[Row]:
    """Photos with more and more faces."""
    from engines.images import decode

    singles = [path for path, names in material.people.items() if len(names) == 1]
    if not singles:
        console.print("[yellow]Faces in a photo are not measured: no photos of people.[/]")
        return []
    portraits = [decode(path, alone.settings).pixels for path in singles[: max(FACES)]]
    engine, spent = alone.engines.engine("face"), {}
    for count in track(FACES, "Faces in a photo", console=console):
        image = _group(portraits, count)
        spent[count] = _best(lambda photo=image: engine.find(photo))  # type: ignore[misc]
    return [_growth("photo", "ms a face", spent, "faces")]


def _growth(what: str, unit: str, spent: dict[int, float], things: str) -> Row:
    """What one thing more costs, by the fewest and the most."""
    few, many = min(spent), max(spent)
    each = (spent[many] - spent[few]) / (many - few)
    found = {f"{count} {things} ms": 1000 * seconds for count, seconds in spent.items()}
    return row(f"{what}, by {things}", unit, 1000 * each, accuracy=found)


def _best(call: Callable[[], object]) -> float:
    call()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return min(times)


def _page(count: int) -> "Image":
    """A drawn page with so many lines."""
    import numpy as np
    from PIL import Image as Pictures
    from PIL import ImageDraw

    from engines.images import Image

    picture = Pictures.new("RGB", PAGE, "white")
    draw = ImageDraw.Draw(picture)
    for line in range(count):
        words = f"Line {line} of a page that is read to see what lines cost"
        draw.text((100, 60 + line * 40), words, "black", font_size=26)
    return Image(np.asarray(picture), *PAGE, "PNG")


def _group(portraits: Sequence[Any], count: int) -> "Image":
    """Portraits side by side, on a picture of the same size whatever their number."""
    import numpy as np
    from PIL import Image as Pictures

    from engines.images import Image

    picture = Pictures.new("RGB", (4 * TILE, 2 * TILE), (90, 90, 90))
    for place in range(count):
        portrait = Pictures.fromarray(portraits[place % len(portraits)])
        portrait.thumbnail((TILE, TILE))
        picture.paste(portrait, (place % 4 * TILE, place // 4 * TILE))
    return Image(np.asarray(picture), *picture.size, "PNG")


def _tiny() -> bytes:
    import io

    from PIL import Image as Pictures

    out = io.BytesIO()
    Pictures.new("RGB", (16, 16), (90, 120, 150)).save(out, "JPEG")
    return out.getvalue()
