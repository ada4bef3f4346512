"""The machine's limit for the same work: pictures decoded in a loop, then the bare models on tensors that are ready.

What counts of a tensor is its shape, so they hold noise. Every runtime that is installed is tried at the precision that
Darkroom computes in, with all cores for one call and with a core for each of several, and with several sizes of a
batch; the fastest counts.
"""

import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cli.bench.alone import CAPABILITY, Alone
from cli.bench.doors import LEAST
from cli.bench.weights import DLIB, TASK, Weights

if TYPE_CHECKING:
    from engines.images import Image
    from engines.runtime import Backend, Feed, Session, Tensor

Shapes = list[tuple[int, ...]]
BATCHES: Final = (1, 8)
FEW_ROWS: Final = 8
"""Of one model, with which each way is tried."""
MOST_ROWS: Final = 96
"""With which the fastest one is measured."""
SHORTEST_S: Final = 0.3
TOKENS: Final = 200
"""Ids up to here are in every vocabulary."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of the whole machine, and CPU seconds."""

    wall: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall + other.wall, self.cpu + other.cpu)

    def __mul__(self, times: float) -> "Spent":
        return Spent(self.wall * times, self.cpu * times)


@dataclass(frozen=True, slots=True)
class Limit:
    """What one item takes at least.

    Attributes:
        decode: its decoding.
        model: its models.
        how: what was fastest, by model.
    """

    decode: Spent
    model: Spent
    how: dict[str, str]

    @property
    def rate(self) -> float:
        """Items a second."""
        return 1 / (self.decode + self.model).wall

    @property
    def cpu_s(self) -> float:
        """CPU seconds an item."""
        return (self.decode + self.model).cpu


def measure(subject: str, given: Sequence[bytes], weights: Weights, alone: Alone) -> Limit:
    """The limit of one row for these pictures or texts."""
    if subject == "clip_text":
        path, shapes = _texts(given, weights, alone)
        spent, how = _best(path, shapes, subject, alone)
        return Limit(Spent(), spent * (1 / len(shapes)), {"text tower": how})
    enough = getattr(alone.engines.engine(CAPABILITY[subject]), "at_least", None)
    decoding = decode(given, alone, enough)
    if subject == "faces" and weights.faces == DLIB:
        return Limit(decoding, _without_file(given, alone), {"dlib": "a thread for each core"})
    total, told = Spent(), {}
    for name, path, shapes in _work(subject, given, weights, alone):
        spent, told[name] = _best(path, shapes, subject, alone) if shapes else (Spent(), "not needed")
        total += spent
    return Limit(decoding, total * (1 / len(given)), told)


def _texts(given: Sequence[bytes], weights: Weights, alone: Alone) -> tuple[Path, Shapes]:
    """The text tower as it computes least, and the positions of these texts."""
    from engines.clip.tokenize import read_exported
    from engines.clip.trimmed import length, trimmed_text
    from engines.runtime import backend_for

    folder = weights.cache / "clip" / weights.clip
    said = json.loads((folder / "config.json").read_text("utf-8"))
    parts = folder / "textual"
    reader = read_exported(parts / "tokenizer.json", parts / "tokenizer_config.json", said)
    texts = [reader(text.decode()) for text in given]
    whole, usual = parts / "model.onnx", backend_for("clip_text", "cpu", alone.settings)
    short = trimmed_text(whole, reader, np.int32, usual, alone.settings.model_cache)
    return short or whole, [(length([text]) if short else len(text.ids),) for text in texts]


def decode(given: Sequence[bytes], alone: Alone, enough: int | None) -> Spent:
    """To decode one picture, `enough` pixels of its shorter side or all of it."""
    from engines import images

    return _timed(lambda data: images.decode(data, alone.settings, enough), given) * (1 / len(given))


def _without_file(given: Sequence[bytes], alone: Alone) -> Spent:
    """A picture of a model that is no ONNX file, called on pixels that are ready."""
    from engines.images import decode

    engine = alone.engines.engine("face")
    return _timed(engine.find, [decode(data, alone.settings) for data in given]) * (1 / len(given))


def _work(subject: str, given: Sequence[bytes], weights: Weights, alone: Alone) -> Iterator[tuple[str, Path, Shapes]]:
    """Name and file of each model, and the shapes that these pictures have for it."""
    if subject == "clip_image":
        from engines.clip.preprocess import read_config
        from engines.clip.trimmed import trimmed_image
        from engines.runtime import backend_for

        folder = weights.cache / "clip" / weights.clip / "visual"
        side, usual = read_config(folder / "preprocess_cfg.json").side, backend_for("clip", "cpu", alone.settings)
        short = trimmed_image(folder / "model.onnx", side, usual, alone.settings.model_cache)
        yield "image tower", short or folder / "model.onnx", [(3, side, side)] * len(given)
        return
    from engines.images import decode

    images = [decode(data, alone.settings) for data in given]
    if subject == "faces":
        yield from _of_faces(images, weights, alone)
        return
    from engines import store

    files = store.find_ocr(alone.settings.ocr_model_name, alone.settings).files
    yield "detector", files["detection"], [shape for image in images for shape in _seen(image.pixels.shape, alone)]
    lines = [line.box for image in images for line in alone.engines.ocr().read(image).lines]
    yield "recogniser", files["recognition"], [(3, 48, _width(box)) for box in lines]


def _of_faces(images: "list[Image]", weights: Weights, alone: Alone) -> Iterator[tuple[str, Path, Shapes]]:
    from engines.faces import scrfd
    from engines.runtime import backend_for, open_session

    folder = weights.cache / TASK / weights.faces
    detection, recognition = (folder / part / "model.onnx" for part in ("detection", "recognition"))
    noted = _Noted(open_session(detection, backend_for("face", "cpu", alone.settings), 1))
    faces = sum(len(scrfd.find(noted, image.pixels, LEAST).scores) for image in images)
    yield "detector", detection, noted.shapes
    yield "recogniser", recognition, [(3, 112, 112)] * faces


class _Noted:
    """A session that notes what it is asked to look at.

    Attributes:
        shapes: of one row each.
    """

    def __init__(self, session: "Session") -> None:
        self._session = session
        self.inputs, self.outputs = session.inputs, session.outputs
        self.shapes: Shapes = []

    def run(self, feeds: "Mapping[str, Feed]") -> "list[Tensor]":
        """See `Session.run`."""
        self.shapes += [feed.shape[1:] for feed in feeds.values() for _ in feed]
        return self._session.run(feeds)


def _seen(shape: tuple[int, ...], alone: Alone) -> Shapes:
    """What the text detector sees of a picture."""
    from engines.ocr.detect import DetectOptions, target_size, tiles

    options = DetectOptions(side=alone.settings.ocr_det_side)
    height, width = target_size(shape[0], shape[1], options)
    spans = [tile.seen for tile in tiles(height, width, options.side)]
    return [
        (3, *(len(range(*span.indices(long))) for span, long in zip(s, (height, width), strict=True))) for s in spans
    ]


def _width(box: Any) -> int:
    """Of a line at the recogniser's height, in the steps that its input has."""
    from engines.ocr.recognise import HEIGHT, RecogniseOptions, input_width

    across, down = math.dist(box[0], box[1]), max(1.0, math.dist(box[0], box[3]))
    options = RecogniseOptions()
    return input_width(min(options.max_width, max(1, math.ceil(HEIGHT * across / down))), options)


def _best(path: Path, shapes: Shapes, subject: str, alone: Alone) -> tuple[Spent, str]:
    """Rows of these shapes by the fastest way, and which that was."""
    every = list(_ways(subject, alone))
    ways = every if _is_free(path, every[0]) else [way for way in every if way.batch == 1]

    def each(way: _Way, most: int) -> Spent:
        rows = _some(shapes, most)
        rows *= math.ceil(way.calls * way.batch / len(rows))  # or some cores would have nothing to do
        return _run_all(path, rows, way) * (1 / len(rows))

    best = min(ways, key=lambda way: each(way, FEW_ROWS).wall)
    return each(best, MOST_ROWS) * len(shapes), str(best)


def _some(shapes: Shapes, most: int) -> Shapes:
    """At most about so many, evenly drawn from all, sorted by their size."""
    return sorted(shapes)[:: max(1, math.ceil(len(shapes) / most))]


@dataclass(frozen=True, slots=True)
class _Way:
    backend: "Backend"
    threads: int
    calls: int
    batch: int

    def __str__(self) -> str:
        backend = self.backend
        return f"{backend.runtime} {backend.precision}, {self.calls} x {self.threads} threads, batch {self.batch}"


def _ways(subject: str, alone: Alone) -> Iterator[_Way]:
    from engines.runtime import abilities, backend_for

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    usual = backend_for(CAPABILITY[subject], "cpu", alone.settings)
    for runtime, precisions in abilities("cpu").items():
        if usual.precision in precisions:
            for threads, calls in dict.fromkeys(((cores, 1), (1, cores))):
                for batch in BATCHES:
                    yield _Way(replace(usual, runtime=runtime), threads, calls, batch)


def _is_free(path: Path, way: _Way) -> bool:
    """Whether a model takes batches of any size."""
    from engines.runtime import open_session

    return next(iter(open_session(path, way.backend, 1).inputs.values()))[0] is None


def _run_all(path: Path, shapes: Shapes, way: _Way) -> Spent:
    """One row of each shape; those of one shape share batches."""
    from engines.runtime import open_session

    session = open_session(path, way.backend, way.threads, way.calls)
    alike: dict[tuple[int, ...], int] = defaultdict(int)
    for shape in shapes:
        alike[shape] += 1
    chance, firsts = np.random.default_rng(1), []
    feeds: list[dict[str, Any]] = []
    for shape, count in alike.items():
        firsts.append(len(feeds))
        for start in range(0, count, way.batch):
            size = (min(way.batch, count - start), *shape)
            rows = chance.integers(1, TOKENS, size) if len(shape) == 1 else chance.random(size, np.float32)
            feeds.append({name: rows.astype(np.int32) if len(shape) == 1 else rows for name in session.inputs})
    for first in firsts:  # a shape that is new may cost more
        session.run(feeds[first])
    return _timed(session.run, feeds, way.calls)


def _timed(call: Callable[[Any], Any], given: Sequence[Any], threads: int = 0) -> Spent:
    """To call it for all of these, by several threads; the best of some rounds where one is short."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    best, spent = Spent(math.inf, math.inf), 0.0
    with ThreadPoolExecutor(threads or cores) as pool:
        while spent < SHORTEST_S:
            cpu, started = time.process_time(), time.perf_counter()
            list(pool.map(call, given))
            took = time.perf_counter() - started
            best = Spent(min(best.wall, took), min(best.cpu, time.process_time() - cpu))
            spent += took
    return best
