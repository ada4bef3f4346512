"""Name -> engine: found cheaply, loaded when first used, unloaded when idle."""

import hashlib
import logging
import threading
import time

from engines import memory, store
from engines.errors import ModelUnknown
from engines.ocr.detect import DetectOptions
from engines.ocr.engine import OcrEngine
from engines.ocr.models import OcrNetworks, OcrOptions
from engines.ocr.recognise import RecogniseOptions
from engines.runtime import check_device, choose_backend, core_count
from engines.settings import EngineSettings
from engines.types import ModelInfo

log = logging.getLogger(__name__)

# Raised by hand whenever pre- or post-processing could give another answer for the same picture.
PIPELINE_VERSION = "1"
# After this many idle seconds the memory that work left behind is handed back; the models stay.
REST_S = 5.0


class Engines:
    """The engines of one process on one device; thread safe."""

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
        self._device = device
        self._backend = choose_backend(device, settings)
        self._lock = threading.Lock()
        self._ocr: dict[str, OcrEngine] = {}
        self._rested_at = time.monotonic()

    def resolve(self, capability: str, model: str | None = None) -> ModelInfo:
        """Which model would answer; cheap, loads nothing.

        Args:
            capability: `ocr`.
            model: its name; None for the configured one.

        Raises:
            ModelUnknown: nothing has this name.
            ModelMissing: known, but not on this machine.
        """
        if capability != "ocr":
            raise ModelUnknown(f"no engine can do {capability!r}")
        asked = model or self._settings.ocr_model_name
        return self._info(asked, store.find_ocr(asked, self._settings))

    def ocr(self, model: str | None = None) -> OcrEngine:
        """The engine of an OCR model, loaded.

        Raises:
            ModelError: the model cannot be had.
            DeviceMissing: the device cannot be used.
        """
        asked = model or self._settings.ocr_model_name
        weights = store.find_ocr(asked, self._settings)
        info = self._info(asked, weights)
        with self._lock:
            engine = self._ocr.setdefault(weights.name, OcrEngine(info, lambda: self._load_ocr(weights)))
        engine.load()
        return engine

    def loaded(self) -> list[ModelInfo]:
        """Models whose weights are in memory now."""
        with self._lock:
            infos = [engine.info for engine in self._ocr.values()]
        return [info for info in infos if info.loaded]

    def unload(self) -> None:
        """Free every model; calls in flight finish first, later calls load again."""
        with self._lock:
            engines = list(self._ocr.values())
        for engine in engines:
            engine.unload()

    def unload_idle(self, now: float | None = None) -> None:
        """Free models that were not used for `MODEL_TTL` seconds, and what work left in memory; call now and then.

        Args:
            now: `time.monotonic()`, to be given by tests.
        """
        now = time.monotonic() if now is None else now
        with self._lock:
            engines = [engine for engine in self._ocr.values() if not engine.busy]
        for engine in engines:
            if self._settings.model_ttl and engine.info.loaded and now - engine.last_used >= self._settings.model_ttl:
                log.info("unloading %s, idle for %.0f s", engine.info.name, now - engine.last_used)
                engine.unload()
        used = max((engine.last_used for engine in engines), default=0.0)
        if used > self._rested_at and now - used >= REST_S:
            memory.release()
            self._rested_at = now

    def _info(self, asked: str, weights: store.Weights) -> ModelInfo:
        return ModelInfo(
            capability="ocr",
            name=weights.name,
            revision=self._revision(weights),
            asked=asked,
            device=self._device,
            runtime=self._backend.runtime,
            precision=self._backend.precision,
            loaded=any(info.name == weights.name for info in self.loaded()),
        )

    def _revision(self, weights: store.Weights) -> str:
        parts = (store.digest(weights), self._backend.precision, PIPELINE_VERSION)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def _load_ocr(self, weights: store.Weights) -> OcrNetworks:
        started = time.monotonic()
        if weights.expected:
            store.verify(weights)
        else:
            log.warning("OCR model %s is not in the catalogue: served unverified", weights.name)
        networks = OcrNetworks(weights, self._backend, core_count(self._settings), self._options())
        log.info("loaded %s on %s in %.1f s", weights.name, self._device, time.monotonic() - started)
        return networks

    def _options(self) -> OcrOptions:
        return OcrOptions(
            detect=DetectOptions(side=self._settings.ocr_det_side),
            recognise=RecogniseOptions(
                static_widths=not self._settings.ocr_rec_dynamic_width,
                # A core gains nothing from a batch, and short work spreads over cores; a GPU wants much at once.
                batch_width=640 if self._backend.device.kind == "cpu" else 10_240,
            ),
        )
