"""An analysis by its engine, and its result in the form in which it is kept and travels.

Bodies: `ocr` {"lines": [{"text", "score", "box", "box_score"}]}, `clip` {"vector"},
`face` {"faces": [{"box", "score", "landmarks", "vector"}]}. A vector is base64 of little-endian float32.
"""

import base64
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from engines.images import Image
from tasks.analyses import FACE_FLOOR, TEXT_FLOOR, Wanted

if TYPE_CHECKING:
    from engines.registry import Engines


def run(engines: "Engines", wanted: Wanted, image: Image) -> dict[str, Any]:
    """One analysis of a decoded picture.

    Raises:
        EngineError: the model cannot be had, or the runtime gave up.
    """
    return _RUN[wanted.name](engines, wanted, image)


def text(engines: "Engines", words: str, model: str | None, language: str | None) -> dict[str, Any]:
    """The vector of a text. Raises EngineError."""
    embedding = engines.engine("clip_text", model).embed(words, language)
    return {"vector": encode(embedding.vector)}


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
