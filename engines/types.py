"""What engines give back: frozen, free of numpy, cheap to import in a process that runs no model."""

import struct
from dataclasses import dataclass

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text found in a picture.

    Attributes:
        text: what was read, Unicode as the recogniser's dictionary has it.
        score: mean probability of the characters, 0..1.
        box: four corners in pixels of the upright picture, clockwise from the text's top left.
        box_score: mean probability of text inside the box, 0..1.
    """

    text: str
    score: float
    box: Quad
    box_score: float


@dataclass(frozen=True, slots=True)
class OcrPage:
    """All lines of one picture in reading order: top to bottom, then left to right.

    Attributes:
        width: pixels of the upright picture.
        height: pixels of the upright picture.
        lines: empty where nothing was found, which is a result like any other.
    """

    width: int
    height: int
    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        """The lines' text, one a line."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Embedding:
    """The vector of a picture or a text, as the model gives it (not normalised unless the model does it).

    Attributes:
        vector: little-endian float32, 4 bytes a dimension.
    """

    vector: bytes

    @property
    def values(self) -> tuple[float, ...]:
        """The vector's numbers."""
        return floats(self.vector)


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a picture.

    Attributes:
        box: x1, y1, x2, y2 in pixels of the upright picture; may reach over its edge.
        score: the detector's certainty, 0..1.
        landmarks: left eye, right eye, nose, left and right corner of the mouth, as seen in the picture; pixels. dlib
            gives the first three only.
        vector: little-endian float32, 4 bytes a dimension, as the model gives it.
    """

    box: tuple[float, float, float, float]
    score: float
    landmarks: tuple[Point, ...]
    vector: bytes

    @property
    def values(self) -> tuple[float, ...]:
        """The vector's numbers."""
        return floats(self.vector)


def floats(vector: bytes) -> tuple[float, ...]:
    """The numbers of a little-endian float32 vector."""
    return struct.unpack(f"<{len(vector) // 4}f", vector)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Which model answers for a capability.

    Attributes:
        capability: `ocr`, `clip` (pictures), `clip_text` or `face`.
        name: the model that runs, such as `PP-OCRv6_small`.
        revision: changes whenever the same picture could get another answer (weights, precision, pipeline).
        asked: the name that was asked for; differs from `name` where an alias stands in.
        device: such as `cpu`, `intel:0`, `cuda:0`.
        runtime: `onnxruntime` or `openvino`.
        precision: `f32`, `bf16` or `f16`.
        loaded: whether its weights are in memory now.
        dimensions: length of its vectors; None for a model that makes none, or where only loading would tell.
    """

    capability: str
    name: str
    revision: str
    asked: str
    device: str
    runtime: str
    precision: str
    loaded: bool
    dimensions: int | None = None
