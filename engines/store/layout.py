"""Which files make up a model's folder, which is Immich's layout, and which lie there for others."""

from pathlib import PurePosixPath
from typing import Final

from engines.store.types import Known

USUAL: Final[dict[str, tuple[tuple[str, bool], ...]]] = {
    "clip": (
        ("config.json", False),
        ("visual/model.onnx", True),
        ("visual/preprocess_cfg.json", True),
        ("textual/model.onnx", True),
        ("textual/tokenizer.json", True),
        ("textual/tokenizer_config.json", True),
    ),
    "facial-recognition": (("detection/model.onnx", True), ("recognition/model.onnx", True)),
    "ocr": (("detection/model.onnx", True), ("recognition/model.onnx", True), ("recognition/dict.txt", False)),
}
"""Task -> path and whether the model is of no use without it."""
CHINESE: Final = (("vit-b-16.img.fp32.onnx", True), ("vit-b-16.txt.fp32.onnx", True), ("vocab.txt", False))
OTHERS_SUFFIXES: Final = (".armnn", ".rknn", ".fp16.onnx", "README.md", ".lock")
OTHERS_FOLDERS: Final = frozenset({"openvino", "rknpu"})
"""Immich's OpenVINO provider keeps compiled models beside the model, and they change from run to run."""


def usual(model: Known) -> tuple[tuple[str, bool], ...]:
    """Paths in the folder of a model, and whether each is needed."""
    return CHINESE if model.task == "clip" and not model.repository else USUAL[model.task]


def networks(model: Known) -> set[str]:
    """Paths of the networks, without which nothing is a copy of the model."""
    return {path for path, needed in usual(model) if needed and path.endswith(".onnx")}


def is_ours(path: str) -> bool:
    """Whether a file of a model's folder belongs to the model: not hidden, nor for other hardware, nor for people.

    A path that leads out of the folder does not: a hub's answer is not trusted.
    """
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or "\\" in path or path.endswith(OTHERS_SUFFIXES):
        return False
    return not any(part.startswith(".") for part in parts) and OTHERS_FOLDERS.isdisjoint(parts[:-1])
