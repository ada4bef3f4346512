"""An analysis by its engine, and its result in the form in which it is kept and travels.

Bodies: `ocr` {"lines": [{"text", "score", "box", "box_score"}]}, `clip` {"vector"},
`face` {"faces": [{"box", "score", "landmarks", "vector"}]}. A vector is base64 of little-endian float32.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from engines.images import Image
from tasks.analyses import FACE_FLOOR, TEXT, TEXT_FLOOR, Wanted

if TYPE_CHECKING:
    from engines.registry import Engines


class Inference:
    """The engines of a worker, and how many calls of each kind they get at once.

    Attributes:
        engines: of this process.
    """

    def __init__(self, engines: "Engines", limits: Mapping[str, int]) -> None:
        self.engines = engines
        self._slots = {name: BoundedSemaphore(limit) for name, limit in limits.items()}

    def run(self, wanted: Wanted, image: Image) -> dict[str, Any]:
        """One analysis of a decoded picture.

        Raises:
            EngineError: the model cannot be had, or the runtime gave up.
        """
        with self._slots[wanted.name]:
            return _RUN[wanted.name](self.engines, wanted, image)

    def vectors(self, model: str | None, images: Sequence[Image]) -> list[dict[str, Any]]:
        """The `clip` of some pictures, in their order, in one call. Raises EngineError."""
        with self._slots["clip"]:
            return [{"vector": encode(each.vector)} for each in self.engines.engine("clip", model).embed_many(images)]

    def texts(self, texts: Sequence[str], model: str | None, language: str | None) -> list[dict[str, Any]]:
        """The vectors of texts, in their order; they wait for no picture. Raises EngineError."""
        embeddings = self.engines.engine(TEXT, model).embed_many(texts, language)
        return [{"vector": encode(embedding.vector)} for embedding in embeddings]


def encode(vector: bytes) -> str:
    """A vector as it is kept in JSON."""
    return base64.b64encode(vector).decode()


def _ocr(engines: "Engines", wanted: Wanted, image: Image) -> dict[str, Any]:
    side = wanted.options.get("side")
    lines = engines.ocr(wanted.model).read(
        image,
        min_score=wanted.options.get("min_score", TEXT_FLOOR),
        side=None if side is None else int(side),
    )
    return {"lines": [asdict(line) for line in lines.lines]}


def _clip(engines: "Engines", wanted: Wanted, image: Image) -> dict[str, Any]:
    return {"vector": encode(engines.engine("clip", wanted.model).embed(image).vector)}


def _face(engines: "Engines", wanted: Wanted, image: Image) -> dict[str, Any]:
    floor = wanted.options.get("min_score", FACE_FLOOR)
    faces = engines.engine("face", wanted.model).find(image, min_score=floor)
    return {
        "faces": [
            {"box": face.box, "score": face.score, "landmarks": face.landmarks, "vector": encode(face.vector)}
            for face in faces
        ]
    }


_RUN = {"ocr": _ocr, "clip": _clip, "face": _face}
