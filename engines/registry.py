"""Capability and name -> engine: found cheaply, loaded when first used, unloaded when idle."""

import contextlib
import hashlib
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from engines import memory, tuned
from engines.clip import recipe as clip
from engines.errors import ModelError, ModelUnknown
from engines.faces import recipe as faces
from engines.loading import Engine, Recipe
from engines.ocr import recipe as ocr
from engines.ocr.engine import OcrEngine
from engines.runtime import Backend, backend_for, check_device
from engines.settings import EngineSettings
from engines.types import ModelInfo

log = logging.getLogger(__name__)

# Raised by hand whenever pre- or post-processing could give another answer for the same picture.
PIPELINE_VERSION = "2"
# After this many idle seconds the memory that work left behind is handed back; the models stay.
REST_S = 5.0
# So long what was found of a model's files counts without another look.
LOOK_S = 1.0

Find = Callable[[str | None, EngineSettings, Backend], Recipe]
FAMILIES: Final[dict[str, Find]] = {
    "ocr": ocr.find,
    "clip": clip.find_image,
    "clip_text": clip.find_text,
    "face": faces.find,
}


class Engines:
    """The engines of one process; thread safe."""

    def __init__(self, settings: EngineSettings, device: str) -> None:
        """Take settings and device; nothing is loaded.

        Args:
            settings: of the engines.
            device: such as `cpu`, `cpu:0-7`, `intel:0`, `cuda:0`.

        Raises:
            DeviceMissing: the device is not there, or the runtime asked for cannot use it.
        """
        memory.configure()
        check_device(device)
        self._settings = settings
        self._recipes: dict[tuple[str, str | None], tuple[float, Recipe]] = {}
        self._backends = {name: backend_for(name, device, settings) for name in FAMILIES}
        for name, backend in self._backends.items():
            with contextlib.suppress(ModelError):
                self._backends[name] = tuned.apply(backend, name, partial(self.digest, name), settings)
        self._recipes.clear()  # they name the backends that were there before
        self._lock = threading.Lock()
        self._engines: dict[tuple[str, str], Engine[Any]] = {}
        self._rested_at = time.monotonic()

    def resolve(self, capability: str, model: str | None = None) -> ModelInfo:
        """Which model would answer; cheap, loads nothing.

        Args:
            capability: one of FAMILIES.
            model: its name; None for the configured one.

        Raises:
            ModelUnknown: nothing has this name.
            ModelMissing: known, but not on this machine.
        """
        return self._info(capability, model, self._find(capability, model))

    def digest(self, capability: str) -> str:
        """Of the configured model and how its pictures are prepared; errors as `resolve`."""
        return self._find(capability, None).digest

    def ocr(self, model: str | None = None) -> OcrEngine:
        """The engine of an OCR model, loaded; errors as `resolve`, and DeviceMissing."""
        engine: OcrEngine = self.engine("ocr", model)
        return engine

    def engine(self, capability: str, model: str | None = None) -> Any:
        """The engine of a capability's model, loaded.

        Raises:
            ModelError: the model cannot be had.
            DeviceMissing: the device cannot be used.
        """
        recipe = self._find(capability, model)
        info = self._info(capability, model, recipe)
        with self._lock:
            engine = self._engines.get((capability, recipe.name))
            if engine is None or engine.info.revision != info.revision:
                engine = self._engines[(capability, recipe.name)] = recipe.engine(info)
        engine.load()
        return engine

    def look_after(self, engine: Engine[Any]) -> None:
        """Count an engine that was made elsewhere among these: it is told of, and unloaded when idle."""
        with self._lock:
            self._engines[(engine.info.capability, engine.info.name)] = engine

    def loaded(self) -> list[ModelInfo]:
        """Models whose weights are in memory now."""
        with self._lock:
            infos = [engine.info for engine in self._engines.values()]
        return [info for info in infos if info.loaded]

    def unload(self) -> None:
        """Free every model; calls in flight finish first, later calls load again."""
        with self._lock:
            engines = list(self._engines.values())
        for engine in engines:
            engine.unload()

    def unload_idle(self, now: float | None = None) -> None:
        """Free models that were not used for `MODEL_TTL` seconds, and what work left in memory; call now and then.

        Args:
            now: `time.monotonic()`, to be given by tests.
        """
        now = time.monotonic() if now is None else now
        with self._lock:
            engines = [engine for engine in self._engines.values() if not engine.busy]
        for engine in engines:
            if self._settings.model_ttl and engine.info.loaded and now - engine.last_used >= self._settings.model_ttl:
                log.info("unloading %s, idle for %.0f s", engine.info.name, now - engine.last_used)
                engine.unload()
        used = max((engine.last_used for engine in engines), default=0.0)
        if used > self._rested_at and now - used >= REST_S:
            memory.release()
            self._rested_at = now

    def _find(self, capability: str, model: str | None) -> Recipe:
        find = FAMILIES.get(capability)
        if find is None:
            raise ModelUnknown(f"no engine can do {capability!r}")
        looked_at, recipe = self._recipes.get((capability, model), (float("-inf"), None))
        now = time.monotonic()
        if recipe is None or now - looked_at >= LOOK_S:
            recipe = find(model, self._settings, self._backends[capability])
            self._recipes[(capability, model)] = now, recipe
        return recipe

    def _info(self, capability: str, asked: str | None, recipe: Recipe) -> ModelInfo:
        backend = self._backends[capability]
        parts = (recipe.digest, backend.precision, PIPELINE_VERSION)
        return ModelInfo(
            capability=capability,
            name=recipe.name,
            revision=hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12],
            asked=asked or self._settings.default_model(capability),
            device=backend.device.name,
            runtime=backend.runtime,
            precision=backend.precision,
            loaded=any((info.capability, info.name) == (capability, recipe.name) for info in self.loaded()),
            dimensions=recipe.dimensions,
        )
