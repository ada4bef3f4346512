"""One photo with several analyses in one request, against the same analyses in a request each."""

import time
from pathlib import Path
from statistics import fmean
from typing import Any

import httpx
import psutil
from rich.console import Console

TASKS = ("ocr", "clip", "face")
ROUNDS = 3


def measure(url: str, process: psutil.Process, pictures: list[Path], console: Console) -> list[dict[str, Any]]:
    """Wall and CPU seconds a photo, together and apart; nothing where an analysis is missing on this machine."""
    from cli.bench.rows import row

    with httpx.Client(base_url=url, timeout=120) as http:
        states = http.get("/readyz").json()["capabilities"]
        absent = [task for task in TASKS if states[task]["state"] == "missing"]
        if absent or not pictures:
            console.print(f"[yellow]One decode for all is not measured: {', '.join(absent) or 'no pictures'}.[/]")
            return []
        console.print("Three analyses in one request, and in three ...")
        photos = [path.read_bytes() for path in pictures]
        for task in TASKS:  # models are loaded before anything is timed
            _ask(http, photos[0], task)
        spent = [_spend(http, process, photo, [",".join(TASKS)], list(TASKS)) for photo in photos * ROUNDS]
    together, apart = (tuple(fmean(one[way][part] for one in spent) for part in (0, 1)) for way in (0, 1))
    models = ", ".join(states[task]["model"] for task in TASKS)
    return [
        row(
            f"photo: {models}",
            "s",
            together[0],
            cpu_s_per_item=together[1],
            reference=apart[0],
            ratio=together[0] / apart[0],
            accuracy={"CPU s apart": apart[1], "CPU ratio": together[1] / apart[1]},
        )
    ]


def _spend(http: httpx.Client, process: psutil.Process, photo: bytes, *ways: list[str]) -> list[tuple[float, float]]:
    """Wall and CPU seconds of each way to ask, one right after the other, so that both meet the same machine."""
    from cli.bench.meter import cpu_of

    spent = []
    for way in ways:
        cpu, wall = cpu_of(process), time.perf_counter()
        for names in way:
            _ask(http, photo, names)
        spent.append((time.perf_counter() - wall, cpu_of(process) - cpu))
    return spent


def _ask(http: httpx.Client, photo: bytes, tasks: str) -> None:
    answer = http.post("/api/photos", params={"tasks": tasks, "cache": "false"}, files={"file": ("p.jpg", photo)})
    answer.raise_for_status()
