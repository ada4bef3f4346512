"""Reading measured: the engine and the plain RapidOCR pipeline over the same labelled pictures, in turns."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.progress import track

Labelled = list[tuple[Path, str]]


def labelled(folder: Path) -> Labelled:
    """Pictures with their full text, from a folder's manifest.json; empty where there is none."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return []
    found = []
    for entry in json.loads(manifest.read_text(encoding="utf-8"))["entries"]:
        text = full_text(entry)
        if text:
            found.append((folder / entry["file"], text))
    return found


def full_text(entry: dict[str, Any]) -> str | None:
    """All words of a picture, where the manifest has them all."""
    truth = entry.get("truth")
    if not isinstance(truth, dict):
        return None
    lines = truth.get("lines") or truth.get("full_text")
    if isinstance(lines, list):
        return "\n".join(line if isinstance(line, str) else str(line.get("text", "")) for line in lines)
    return lines if isinstance(lines, str) else None


def measure(pictures: Labelled, console: Console) -> list[dict[str, Any]]:
    """Word recall, character error of receipts, images and CPU seconds: ours beside the reference's."""
    from cli.bench import row
    from engines.images import decode
    from engines.registry import Engines
    from engines.settings import EngineSettings

    settings = EngineSettings()
    engine = Engines(settings, "cpu").ocr(None)
    plain = _plain_pipeline()

    def ours(path: Path) -> str:
        return engine.read(decode(path.read_bytes(), settings)).text

    ours(pictures[0][0])
    plain(pictures[0][0])
    mine, theirs = _Tally(), _Tally()
    for path, truth in track(pictures, "Reading", console=console):
        mine.add(path, truth, ours)
        theirs.add(path, truth, plain)
    return [
        row(
            "ocr",
            "images/s",
            mine.rate,
            cpu_s_per_item=mine.cpu,
            reference=theirs.rate,
            ratio=mine.rate / theirs.rate,
            accuracy={**mine.accuracy, "reference recall": theirs.accuracy["recall"]},
        )
    ]


class _Tally:
    def __init__(self) -> None:
        self.recalls: list[float] = []
        self.receipt_errors: list[float] = []
        self.wall_s = 0.0
        self.cpu_s = 0.0

    def add(self, path: Path, truth: str, read: Callable[[Path], str]) -> None:
        from engines.ocr.scoring import character_error, word_recall

        wall, cpu = time.perf_counter(), time.process_time()
        text = read(path)
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu
        self.recalls.append(word_recall(truth, text))
        if path.name.startswith("sroie_"):
            self.receipt_errors.append(character_error(truth.split("\n"), text.split("\n")))

    @property
    def rate(self) -> float:
        return len(self.recalls) / self.wall_s

    @property
    def cpu(self) -> float:
        return self.cpu_s / len(self.recalls)

    @property
    def accuracy(self) -> dict[str, float]:
        receipts = {"receipt error": fmean(self.receipt_errors)} if self.receipt_errors else {}
        return {"recall": fmean(self.recalls), **receipts}


def _plain_pipeline() -> Callable[[Path], str]:
    """RapidOCR as it comes: the same weights, its own pre- and post-processing, onnxruntime."""
    from rapidocr import RapidOCR

    reader = RapidOCR(params={"Global.log_level": "error"})

    def read(path: Path) -> str:
        from PIL import Image, ImageOps

        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        found = reader(upright)
        return "\n".join(found.txts or ())

    return read
