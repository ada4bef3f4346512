"""The networks of one OCR model, loaded, and how they share the cores."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines import onnx_metadata
from engines.elastic import CountedSession, ElasticSession
from engines.errors import ModelMissing
from engines.ocr.boxes import Region
from engines.ocr.ctc import CtcDecoder, Reading
from engines.ocr.detect import DetectOptions, detect
from engines.ocr.orient import upside_down
from engines.ocr.recognise import RecogniseOptions, plan, recognise
from engines.runtime import Backend, open_session
from engines.store import Weights
from monitoring import tracing

Pixels = NDArray[np.uint8]

# Cores that one detector call uses well; more of them run several calls side by side.
DETECTOR_CORES = 4


@dataclass(frozen=True, slots=True)
class OcrOptions:
    """How a picture is read."""

    detect: DetectOptions = field(default_factory=DetectOptions)
    recognise: RecogniseOptions = field(default_factory=RecogniseOptions)


class OcrNetworks:
    """Detector, recogniser and direction classifier; every method may be called by several threads at once.

    The detector has all cores for a lonely picture, and one for each of several. The recogniser uses one core a batch,
    and its batches share one pool: so a lone picture has all cores, and several pictures do not crowd each other.
    """

    def __init__(self, weights: Weights, backend: Backend, threads: int, options: OcrOptions) -> None:
        """Load the networks.

        Raises:
            ModelMissing: a file cannot be loaded, or the dictionary does not fit the recogniser.
            DeviceMissing: the device cannot be used.
        """
        self._options = options
        self._detector = ElasticSession(weights.files["detection"], backend, threads, DETECTOR_CORES)
        self._recogniser = CountedSession(open_session(weights.files["recognition"], backend, 1, threads))
        direction = weights.files.get("direction")
        self._direction = open_session(direction, backend, 1, threads) if direction else None
        self._decoder = CtcDecoder(_dictionary(weights))
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="recognise")

    def detect(self, pixels: Pixels, side: int | None = None) -> list[Region]:
        """Regions of text in a picture, uint8 [h, w, 3] RGB, in no order; the network sees `side` pixels at most."""
        options = self._options.detect if side is None else replace(self._options.detect, side=side)
        with tracing.span("detect"):
            return detect(self._detector, pixels, options)

    def upside_down(self, lines: Sequence[Pixels]) -> list[bool]:
        """Whether each line stands on its head; none, where the model has no direction classifier."""
        if self._direction is None:
            return [False] * len(lines)
        return upside_down(self._direction, lines)

    def read(self, lines: Sequence[Pixels]) -> list[Reading]:
        """Text of flat lines, uint8 [h, w, 3] RGB each."""
        if not lines:
            return []
        options = self._options.recognise
        batches = plan(lines, options)
        done = self._pool.map(lambda batch: recognise(self._recogniser, self._decoder, lines, batch, options), batches)
        readings = [Reading("", 0.0)] * len(lines)
        with tracing.span("recognise", {"darkroom.lines": len(lines), "darkroom.batches": len(batches)}):
            for batch, results in zip(batches, done, strict=True):
                for index, reading in zip(batch.indices, results, strict=True):
                    readings[index] = reading
        return readings

    def close(self) -> None:
        """End the pool's threads; no call may be in flight."""
        self._pool.shutdown()


def _dictionary(weights: Weights) -> list[str]:
    path = weights.files.get("dictionary")
    text = _read_text(path) if path else onnx_metadata.read(weights.files["recognition"]).get("character", "")
    characters = text.split("\n")
    if characters and characters[-1] == "":
        characters.pop()
    if not characters:
        raise ModelMissing(
            f"the recogniser of {weights.name} has no dictionary",
            hint="put it beside the model as recognition/dict.txt, one character a line",
        )
    return characters


def _read_text(path: Path) -> str:
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")
