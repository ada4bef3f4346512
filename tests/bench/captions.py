"""`python -m tests.bench.captions`: how often a caption finds its photo among the first five, by the configured model.

Photos and captions go the way that they go in a service: engines, the store, the search. Nothing here knows which model
answers; where the configured one cannot be had, the concept vectors do.
"""

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import typer

from cli.bench.rows import Row, row
from engines.concepts.labels import read_labels
from engines.images import decode
from engines.registry import Engines
from engines.settings import EngineSettings
from tasks.inference import encode
from tasks.results import Finding, keep_all
from tasks.search import index
from tasks.search.find import Asked, Meaning, search
from tasks.search.index import Entry
from tasks.search.nearest import Nearest
from tasks.store.session import Store, migrate

FIRST: Final = 5
HEADS: Final = frozenset(label.split()[-1].lower() for label in read_labels())
"""What labels of ImageNet are about: the last word of each, as the bus of a school bus."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Whether each caption found its photo, apart for those that name something ImageNet knows, and by which model."""

    model: str
    known: list[bool] = field(default_factory=list)
    others: list[bool] = field(default_factory=list)

    @property
    def all(self) -> float:
        """Share of all captions."""
        return _share(self.known + self.others)

    @property
    def of_known(self) -> float:
        """Share of those that name something known."""
        return _share(self.known)


def _share(found: Sequence[bool]) -> float:
    return sum(found) / max(1, len(found))


def engines() -> Engines:
    """Of the configured models."""
    return Engines(EngineSettings(clip_fallback="concepts"), "cpu")


def measure(store: Store, home: Path, folder: Path, made: Engines) -> Recall:
    """The recall of photos with captions, from a folder with manifest.json. Raises EngineError."""
    entries: list[dict[str, Any]] = json.loads((folder / "manifest.json").read_text())["entries"]
    for entry in entries:
        _learn(store, made, entry["sha256"], folder / entry["file"])
    nearest, info = Nearest(store, home), made.resolve("clip_text", None)
    recall = Recall(info.name)
    for entry in entries:
        for caption in entry["captions"]:
            vector = made.engine("clip_text", None).embed(caption).values
            page = search(store, nearest, Asked(meaning=Meaning(vector, info.name, None), limit=FIRST))
            found = entry["sha256"] in {each["sha256"] for each in page.items}
            (recall.known if names_something_known(caption) else recall.others).append(found)
    return recall


def _learn(store: Store, made: Engines, sha256: str, path: Path) -> None:
    """Let a photo be found, as a worker does."""
    info, image = made.resolve("clip", None), decode(path, EngineSettings())
    vector = encode(made.engine("clip", None).embed(image).vector)
    finding = Finding("clip", info.name, info.revision, image.width, image.height, {"vector": vector})
    with store.write() as connection:
        (key,) = keep_all(connection, [(sha256, finding)], 0.0)
        entry = Entry(sha256, path.name, {"clip": key}, image.width, image.height, found={"clip": finding})
        index.put(connection, [entry], 0.0)


def names_something_known(caption: str) -> bool:
    """Whether a word of it is what a label of ImageNet is about."""
    words = re.findall(r"[a-z]+", caption.lower())
    return any(word in HEADS or word.removesuffix("s") in HEADS or word.removesuffix("es") in HEADS for word in words)


def as_row(recall: Recall) -> Row:
    """The row of a bench."""
    detail = {"model": recall.model, "captions": len(recall.known) + len(recall.others), "known": len(recall.known)}
    accuracy = {"known objects": round(recall.of_known, 4)}
    return row("captions", f"recall at {FIRST}", recall.all, accuracy=accuracy, detail=detail)


def main(folder: Path = Path("../shared/testdata/clip")) -> None:
    """Measure, and print the row."""
    with tempfile.TemporaryDirectory(prefix="darkroom-captions-") as home:
        url = f"sqlite:///{home}/darkroom.db"
        migrate(url)
        store = Store(url)
        print(as_row(measure(store, Path(home), folder, engines())))
        store.close()


if __name__ == "__main__":
    typer.run(main)
