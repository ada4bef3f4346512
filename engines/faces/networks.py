"""A model pack of InsightFace, loaded: SCRFD and ArcFace."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.batching import Batcher
from engines.elastic import ElasticSession
from engines.faces import scrfd
from engines.faces.align import align
from engines.runtime import Backend, Session, open_session
from engines.types import Face, Point

Pixels = NDArray[np.uint8]

CPU_BATCH = 4
GPU_BATCH = 32
DETECTOR_CORES = 4


class PackNetworks:
    """Detector and recogniser; the faces of many pictures meet in the recogniser's batches."""

    def __init__(self, detection: Path, recognition: Path, backend: Backend, cores: int) -> None:
        """Load both.

        Raises:
            ModelMissing: a file cannot be loaded, or the detector is none of SCRFD with key points.
            DeviceMissing: the device cannot be used.
        """
        each, side_by_side = min(cores, DETECTOR_CORES), max(1, cores // DETECTOR_CORES)
        self._detector = ElasticSession(detection, backend, cores, DETECTOR_CORES)
        scrfd.check(self._detector)
        self._one_shape = backend.device.kind != "cpu"
        self._recogniser = open_session(recognition, backend, each, side_by_side)
        free = next(iter(self._recogniser.inputs.values()))[0] is None
        limit = (CPU_BATCH if backend.device.kind == "cpu" else GPU_BATCH) if free else 1
        self._batches: Batcher[Pixels, bytes] = Batcher(self._recognise, limit, "face", side_by_side)

    def find(self, pixels: Pixels, min_score: float) -> tuple[Face, ...]:
        """Faces of a picture, uint8 [h, w, 3] RGB, best first."""
        found = scrfd.find(self._detector, pixels, min_score, self._one_shape)
        vectors = self._batches.map([align(pixels, points) for points in found.points])
        return tuple(_face(found, index, vector) for index, vector in enumerate(vectors))

    def close(self) -> None:
        """Nothing to give back: the sessions go with the object."""

    def _recognise(self, faces: Sequence[Pixels]) -> list[bytes]:
        return recognise(self._recogniser, faces)


def recognise(session: Session, faces: Sequence[Pixels]) -> list[bytes]:
    """Vectors (float32, as bytes) of aligned faces, uint8 [112, 112, 3] RGB each."""
    batch = (np.stack(faces).astype(np.float32) - 127.5) / 127.5
    blob = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
    output = session.run({next(iter(session.inputs)): blob})[0].reshape(len(faces), -1)
    return [np.ascontiguousarray(row, "<f4").tobytes() for row in output]


def _face(found: scrfd.Found, index: int, vector: bytes) -> Face:
    x1, y1, x2, y2 = (float(side) for side in found.boxes[index])
    points: tuple[Point, ...] = tuple((float(x), float(y)) for x, y in found.points[index])
    return Face((x1, y1, x2, y2), float(found.scores[index]), points, vector)
