"""Where a photo's time goes: its way here and back and its wait, then what the work itself consists of."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import orjson
from rich.console import Console
from rich.progress import track

from cli.bench.alone import Alone
from cli.bench.clients import Asker, Fresh, Turn, turn
from cli.bench.doors import upload
from cli.bench.labelled import Material
from cli.bench.plan import Plan
from cli.bench.rows import Row, row
from cli.bench.sampling import PHASES, Sampler
from cli.bench.subject import spread
from cli.bench.weights import Weights

ASKED: Final = {"ocr": ("ocr",), "clip": ("clip",), "face": ("face",), "all three": ("ocr", "clip", "face")}

MANY: Final = 8
"""Clients of a busy service."""


def measure(material: Material, weights: Weights, plan: Plan, console: Console) -> list[Row]:
    """One row for each analysis, and one for all of them together."""
    some = [path.read_bytes() for path in spread(material.every, plan.pictures)]
    fresh = Fresh(some)
    ways = _ways(fresh, len(some), weights, console)
    alone = Alone(weights)
    rows = []
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as name:
        for what, tasks in track(ASKED.items(), "The work itself", console=console):
            shares = _work(alone, Path(name) / "profile.db", tasks, fresh, len(some))
            parts = {**ways[what], **{phase: 1000 * spent for phase, spent in shares.items()}}
            rows.append(row(f"photo, {what}", "ms", 1000 * sum(shares.values()), detail={"profile": parts}))
    return rows


def _ways(fresh: Fresh, count: int, weights: Weights, console: Console) -> dict[str, dict[str, float]]:
    """Milliseconds of HTTP, spool and JSON, and in the queue, at one client and at eight."""
    from cli.own_service import own_service

    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        own = {**weights.env, "PRELOAD": "ocr,clip,face", "DOCUMENT_ENGINE": "classic"}
        with own_service(Path(folder) / "home", own) as service:
            for what, tasks in track(ASKED.items(), "The way there and back", console=console):
                path = f"/api/photos?tasks={','.join(tasks)}"
                _timing(service.url, path, fresh.take(2), 2)
                lonely = _timing(service.url, path, fresh.take(count), 1)
                busy = _timing(service.url, path, fresh.take(max(count, 3 * MANY)), MANY)
                found[what] = {"way": lonely[0], "queue": lonely[1], f"queue, {MANY} clients": busy[1]}
    return found


def _timing(url: str, path: str, pictures: Sequence[bytes], clients: int) -> tuple[float, float]:
    """Mean milliseconds outside of queue and work, and in the queue."""
    told: list[dict[str, float]] = []

    def one(request: Any) -> None:
        told.append(orjson.loads(ask(request))["timing"])

    with Asker(url) as ask:
        whole: Turn = turn(one, [upload(path, data) for data in pictures], clients)
    queue, run = (fmean(each[key] for each in told) for key in ("queue_ms", "run_ms"))
    return 1000 * fmean(whole.times) - queue - run, queue


def _work(alone: Alone, database: Path, tasks: Sequence[str], fresh: Fresh, count: int) -> dict[str, float]:
    """Seconds a photo of each phase of what a worker does, in this process, with a store of its own.

    JSON is timed by itself: it is written in one call, during which nobody can look.
    """
    from tasks import photo, results
    from tasks.analyses import usual
    from tasks.inference import Inference
    from tasks.store.session import Store, migrate

    url = f"sqlite:///{database}"
    migrate(url)
    store, inference = Store(url), Inference(alone.engines, dict.fromkeys(("ocr", "clip", "face"), 8))
    sampler, writing = Sampler(), [0.0]

    def look(data: bytes) -> None:
        report = photo.finish(inference, photo.begin(inference, alone.settings, store, data, usual(tasks)))
        for finding in report.findings.values():
            results.keep(store, report.sha256, finding)
        started = time.perf_counter()
        orjson.dumps({"findings": report.findings, "sha256": report.sha256, "cached": report.cached})
        writing.append(time.perf_counter() - started)

    try:
        look(next(fresh))
        writing.clear()
        with sampler.on():
            for data in fresh.take(count):
                look(data)
    finally:
        store.close()
    return {**{phase: sampler.seconds[phase] / count for phase in PHASES}, "JSON": fmean(writing)}
