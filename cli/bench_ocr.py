"""Reading measured: the engine and the plain RapidOCR pipeline over the same labelled pictures, in turns."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.progress import track


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture all of whose text is known, line by line with quads (8 numbers, pixels)."""

    path: Path
    lines: tuple[tuple[str, Any], ...]

    @property
    def text(self) -> str:
        """All of it, one line a line."""
        return "\n".join(text for text, _ in self.lines)


def labelled(folder: Path) -> list[Labelled]:
    """Pictures with their full text, from a folder's manifest.json; empty where there is none."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return []
    found = []
    for entry in json.loads(manifest.read_text(encoding="utf-8"))["entries"]:
        lines = (entry.get("truth") or {}).get("lines")
        if lines:
            found.append(Labelled(folder / entry["file"], tuple((line["text"], line["quad"]) for line in lines)))
    return found


def measure(pictures: list[Labelled], console: Console) -> list[dict[str, Any]]:
    """Word recall, character error of receipts, images and CPU seconds: ours beside the reference's."""
    from cli.bench import row
    from engines.images import decode
    from engines.registry import Engines
    from engines.settings import EngineSettings

    settings = EngineSettings()
    engine = Engines(settings, "cpu").ocr(None)
    plain = _plain_pipeline()

    def ours(path: Path) -> list[tuple[str, Any]]:
        return [(line.text, line.box) for line in engine.read(decode(path.read_bytes(), settings)).lines]

    ours(pictures[0].path)
    plain(pictures[0].path)
    mine, theirs = _Tally(), _Tally()
    for picture in track(pictures, "Reading", console=console):
        mine.add(picture, ours)
        theirs.add(picture, plain)
    return [
        row(
            "ocr",
            "images/s",
            mine.rate,
            cpu_s_per_item=mine.cpu,
            reference=theirs.rate,
            ratio=mine.rate / theirs.rate,
            accuracy=mine.accuracy | {f"reference {name}": value for name, value in theirs.accuracy.items()},
        )
    ]


class _Tally:
    def __init__(self) -> None:
        self.recalls: list[float] = []
        self.receipt_errors: list[float] = []
        self.wall_s = 0.0
        self.cpu_s = 0.0

    def add(self, picture: Labelled, read: Callable[[Path], list[tuple[str, Any]]]) -> None:
        from engines.ocr.scoring import character_error, word_recall

        wall, cpu = time.perf_counter(), time.process_time()
        lines = read(picture.path)
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu
        self.recalls.append(word_recall(picture.text, "\n".join(text for text, _ in lines)))
        if picture.path.name.startswith("sroie_"):
            self.receipt_errors.append(character_error(picture.lines, lines))

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


def _plain_pipeline() -> Callable[[Path], list[tuple[str, Any]]]:
    """RapidOCR as it comes: the same weights, its own pre- and post-processing, onnxruntime."""
    from rapidocr import RapidOCR

    reader = RapidOCR(params={"Global.log_level": "error"})

    def read(path: Path) -> list[tuple[str, Any]]:
        from PIL import Image, ImageOps

        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        found = reader(upright)
        return list(zip(found.txts or (), found.boxes if found.txts else (), strict=True))

    return read
