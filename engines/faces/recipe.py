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
        return _dlib(settings)
    try:
        recognition = store.find(TASK, name, settings)
        detection = store.find(TASK, settings.face_detection_model_name or name, settings)
        files = (_file(detection, DETECTION), _file(recognition, RECOGNITION))
    except (ModelMissing, ModelUnknown) as error:
        configured = name == settings.face_recognition_model_name
        if settings.face_fallback == DLIB and (configured or isinstance(error, ModelMissing)):
            _say_fallback(name, str(error))
            return _dlib(settings)
        raise

    def load() -> FaceNetworks:
        started = time.monotonic()
        for weights in {pack.name: pack for pack in (detection, recognition)}.values():
            if weights.expected:
                store.verify(weights)
            else:
                log.warning("face models %s are not in the catalogue: served unverified", weights.name)
        networks = PackNetworks(*files, backend, core_count(settings))
        log.info("loaded %s in %.1f s", name, time.monotonic() - started)
        return networks

    digest = f"{store.digest(detection)} {store.digest(recognition)}"
    return Recipe(recognition.name, digest, lambda info: FaceEngine(info, load))


def _dlib(settings: EngineSettings) -> Recipe:
    if importlib.util.find_spec(DLIB) is None:
        raise ModelMissing("dlib is not installed here", hint="pip install dlib-bin")
    files = (dlib_networks.POINTS, dlib_networks.RESNET)
    for file in files:
        file.locate()

    def load() -> FaceNetworks:
        started = time.monotonic()
        points, resnet = (file.verify() for file in files)
        networks = dlib_networks.DlibNetworks(points, resnet, core_count(settings))
        log.info("loaded dlib's face models in %.1f s", time.monotonic() - started)
        return networks

    digest = " ".join(file.sha256 for file in files)
    return Recipe(DLIB, digest, lambda info: FaceEngine(info, load), DLIB_DIMENSIONS)


def _file(weights: store.Weights, name: str) -> Path:
    if name not in weights.files:
        raise ModelMissing(
            f"the face models {weights.name} have no {name} here", f"darkroom models pull {weights.name}"
        )
    return weights.files[name]


@cache
def _say_fallback(name: str, reason: str) -> None:
    log.warning("face models %s cannot be had here, dlib's stand in (FACE_FALLBACK=dlib): %s", name, reason)
