"""The runtimes tried on this machine: each configured model works through a few made-up items with both, by turns.

Processor time counts, which other work on the machine disturbs least. The default gives way only to what is clearly
faster and says the same.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from engines import tuned
from engines.errors import EngineError
from engines.images import Image
from engines.registry import FAMILIES, Engines
from engines.runtime import RuntimeName, abilities
from engines.settings import EngineSettings

DEFAULT: Final[RuntimeName] = "onnxruntime"
CLEARLY: Final = 0.85
"""Of the default's processor time: what takes more is not worth another runtime's memory."""
ALIKE: Final = 0.9995
"""Cosine of two vectors that are the same for every use."""
SPAN_S: Final = 6.0
FEWEST: Final = 3

Answer = Sequence[str | tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found for one capability.

    Attributes:
        capability: such as `ocr`.
        model: its configured model; the name that was asked for where it cannot be had.
        key: what the choice is remembered under; empty where there is none.
        runtime: that is used from now on.
        cpu_ms: processor time of an item, by runtime.
        note: why it is not the fastest, or why nothing was tried.
    """

    capability: str
    model: str
    key: str
    runtime: RuntimeName
    cpu_ms: dict[str, float]
    note: str = ""


def tune(settings: EngineSettings) -> Iterator[Choice]:
    """Try every capability on the CPU; each takes some ten seconds. Nothing is remembered."""
    runtimes = [runtime for runtime in tuned.RUNTIMES if runtime in abilities("cpu")]
    for capability in FAMILIES:
        engines = {
            name: Engines(settings.model_copy(update={"runtime": name, "ocr_device": "", "clip_device": ""}), "cpu")
            for name in runtimes
        }
        try:
            yield _try(capability, engines)
        except EngineError as error:
            yield Choice(capability, settings.default_model(capability), "", DEFAULT, {}, str(error))
        finally:
            for one in engines.values():
                one.unload()


def _try(capability: str, engines: dict[RuntimeName, Engines]) -> Choice:
    info = engines[DEFAULT].resolve(capability)
    works = {name: _work(capability, one.engine(capability)) for name, one in engines.items()}
    answers = {name: work() for name, work in works.items()}
    spent: dict[RuntimeName, list[float]] = {name: [] for name in works}
    until = time.monotonic() + SPAN_S
    while time.monotonic() < until or len(spent[DEFAULT]) < FEWEST:
        for name, work in works.items():
            started = time.process_time()
            work()
            spent[name].append((time.process_time() - started) * 1000)
    cpu_ms = {name: median(times) for name, times in spent.items()}
    chosen = min(cpu_ms, key=lambda name: cpu_ms[name])
    note = ""
    if cpu_ms[chosen] > CLEARLY * cpu_ms[DEFAULT]:
        chosen = DEFAULT
    elif not alike(answers[DEFAULT], answers[chosen]):
        chosen, note = DEFAULT, f"{chosen} says something else"
    key = tuned.key(capability, engines[DEFAULT].digest(capability))
    return Choice(capability, info.name, key, chosen, {str(name): spent for name, spent in cpu_ms.items()}, note)


def alike(one: Answer, other: Answer) -> bool:
    """Whether two runtimes have said the same: the same lines, or as many vectors with the same directions."""
    if len(one) != len(other):
        return False
    return all(a == b if isinstance(a, str) else _cosine(a, b) > ALIKE for a, b in zip(one, other, strict=True))


def _cosine(a: Any, b: Any) -> float:
    lengths = math.hypot(*a) * math.hypot(*b)
    return math.fsum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def _work(capability: str, engine: Any) -> Callable[[], Answer]:
    """What a model is timed with, once."""
    page = _page()
    return {
        "ocr": lambda: [line.text for line in engine.read(page).lines],
        "clip": lambda: [engine.embed(page).values],
        "clip_text": lambda: [engine.embed("two dogs on the beach at sunset").values],
        "face": lambda: [face.values for face in engine.find(page)],
    }[capability]


def _page() -> Image:
    """A page of text on a ground that is no single colour."""
    picture = PIL.Image.linear_gradient("L").resize((960, 704)).point(lambda level: 160 + level // 3).convert("RGB")
    pen = PIL.ImageDraw.Draw(picture)
    for row in range(10):
        words = f"Line {row} of a page with {row * 17 + 3} words"
        pen.text((40 + 9 * row, 30 + 64 * row), words, font=PIL.ImageFont.load_default(18 + 3 * row), fill=(20, 20, 40))
    pixels = np.ascontiguousarray(np.asarray(picture, np.uint8))
    return Image(pixels, picture.width, picture.height, "PNG")
