"""One photo with several analyses in one request, against the same analyses in a request each."""

import time
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console

TASKS = ("ocr", "clip", "face")


def measure(url: str, process: psutil.Process, pictures: list[Path], console: Console) -> list[dict[str, Any]]:
    """Wall and CPU seconds a photo, together and apart; nothing where an analysis is missing on this machine."""
    from cli.bench import row

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
        together = _spend(http, process, photos, [",".join(TASKS)])
        apart = _spend(http, process, photos, list(TASKS))
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


def _spend(http: httpx.Client, process: psutil.Process, photos: list[bytes], tasks: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds a photo."""
    from cli.bench_queue import cpu_of

    cpu, wall = cpu_of(process), time.perf_counter()
    for photo in photos:
        for names in tasks:
            _ask(http, photo, names)
    return (time.perf_counter() - wall) / len(photos), (cpu_of(process) - cpu) / len(photos)


def _ask(http: httpx.Client, photo: bytes, tasks: str) -> None:
    answer = http.post("/api/photos", params={"tasks": tasks, "cache": "false"}, files={"file": ("p.jpg", photo)})
    answer.raise_for_status()
