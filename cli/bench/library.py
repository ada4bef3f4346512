"""A rescan with text, vectors and faces, against three calls of the reference server for each photo."""

import itertools
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.progress import Progress

from cli.bench import limit
from cli.bench.alone import Alone
from cli.bench.clients import Fresh, Turn
from cli.bench.compare import Side, Steps, both
from cli.bench.doors import upload
from cli.bench.labelled import Material
from cli.bench.meter import cpu_of
from cli.bench.plan import TUNED_AT, Plan
from cli.bench.reference.setting import Setting, candidates
from cli.bench.rows import Row, row
from cli.bench.subject import spread
from cli.bench.weights import Weights

TASKS = ("ocr", "clip", "face")
CALLS = {"ocr": "/ocr", "clip_image": "/clip/img", "faces": "/represent"}
LOOK_S = 0.1


def compare(material: Material, weights: Weights, tuned: Mapping[str, Setting], plan: Plan, bar: Progress) -> Row:
    """Photos a second of both.

    Args:
        material: pages and photos, mixed as they are.
        weights: of both.
        tuned: settings of the reference that other rows found; where one did not run, the first to be tried.
        plan: how much.
        bar: for its progress.
    """
    settings = {subject: tuned.get(subject) or candidates(subject, 1)[0] for subject in CALLS}
    some = [path.read_bytes() for path in spread(material.every, plan.photos)]
    steps = Steps(bar, "rescan", 2 + 2 * plan.turns)
    steps("the machine's limit")
    bound = _limit(spread(some, 2 * plan.pictures), weights)
    fresh = Fresh(some)
    counts: dict[str, int] = {}
    with (
        tempfile.TemporaryDirectory(prefix="darkroom-library-") as name,
        both("", weights, settings, LIBRARY_ROOTS=name) as (ours, theirs, _),
    ):
        steps("models are loaded")
        _rescan(ours, Path(name), fresh.take(4), None)
        _call(theirs, fresh.take(2), None)
        for number in range(plan.turns):
            for side in (ours, theirs) if number % 2 == 0 else (theirs, ours):
                steps("Darkroom" if side is ours else "reference")
                if side is ours:
                    counts = _rescan(ours, Path(name), fresh.take(len(some)), ours)
                else:
                    _call(theirs, fresh.take(len(some)), theirs)
    steps.end()
    return _row(ours, theirs, bound, counts, settings)


def _limit(some: Sequence[bytes], weights: Weights) -> limit.Limit:
    """Of photos that are decoded once each."""
    alone = Alone(weights)
    decoding, models = limit.decode(some, alone, None), limit.Spent()
    for subject in CALLS:
        models += limit.measure(subject, some, weights, alone).model
    alone.engines.unload()
    return limit.Limit(decoding, models, {})


def _rescan(side: Side, root: Path, pictures: Sequence[bytes], noted: Side | None) -> dict[str, int]:
    """Scan a folder of these pictures, and note the turn; counts of the job."""
    folder = root / f"{time.time_ns()}"
    folder.mkdir()
    for number, data in enumerate(pictures):
        (folder / f"{number:05}.jpg").write_bytes(data)
    asked = {"library": str(folder), "tasks": list(TASKS), "force": True}
    with httpx.Client(base_url=side.url, timeout=60) as http, side.peak.of(side.process):
        cpu, started = cpu_of(side.process), time.perf_counter()
        answer = http.post("/api/jobs", json=asked)
        answer.raise_for_status()
        job: dict[str, Any] = answer.json()
        while job["state"] in ("queued", "running"):
            time.sleep(LOOK_S)
            job = http.get(f"/api/jobs/{job['task_id']}").json()
        took, spent = time.perf_counter() - started, cpu_of(side.process) - cpu
    shutil.rmtree(folder)
    if noted is not None:
        noted.turns.setdefault(1, []).append(Turn(len(pictures) / took, [took], spent / len(pictures)))
    return dict(job["counts"])


def _call(side: Side, pictures: Sequence[bytes], noted: Side | None) -> None:
    """Three calls for each picture, 8 at a time, and note the turn."""
    requests = [upload(path, data) for data, path in itertools.product(pictures, CALLS.values())]
    side.take_turn(requests, TUNED_AT)
    whole = side.turns[TUNED_AT].pop()
    if noted is not None:
        side.turns[TUNED_AT].append(Turn(whole.rate / len(CALLS), whole.times, whole.cpu * len(CALLS)))


def _row(ours: Side, theirs: Side, bound: limit.Limit, counts: dict[str, int], settings: Mapping[str, Setting]) -> Row:
    rate, reference = ours.best()[1], theirs.best()[1]
    detail = {
        "ours": {"cpu_s": ours.cpu(), "memory_mb": ours.peak.bytes / 1e6},
        "reference": {
            "cpu_s": theirs.cpu(),
            "memory_mb": theirs.peak.bytes / 1e6,
            "setting": {subject: str(setting) for subject, setting in settings.items()},
        },
        "limit": {"rate": bound.rate, "cpu_s": bound.cpu_s},
    }
    return row(
        "rescan",
        "photos/s",
        rate,
        cpu_s_per_item=ours.cpu(),
        reference=reference,
        ratio=rate / reference,
        limit_share=rate / bound.rate,
        accuracy={"done": counts.get("done", 0), "failed": counts.get("failed", 0)},
        detail=detail,
    )
