"""A name -> the OCR model that would answer."""

import logging
import time

from engines import store
from engines.loading import Recipe
from engines.ocr.detect import GPU_BUCKET, STRIDE, DetectOptions
from engines.ocr.engine import OcrEngine
from engines.ocr.models import OcrNetworks, OcrOptions
from engines.ocr.recognise import RecogniseOptions
from engines.runtime import Backend, core_count
from engines.settings import EngineSettings

log = logging.getLogger(__name__)


def find(asked: str | None, settings: EngineSettings, backend: Backend) -> Recipe:
    """The recipe of an OCR model.

    Args:
        asked: its name; None for `OCR_MODEL_NAME`.

    Raises:
        ModelUnknown: nothing has this name.
        ModelMissing: known, but not on this machine.
    """
    weights = store.find_ocr(asked or settings.ocr_model_name, settings)
    return Recipe(
        weights.name,
        store.digest(weights),
        lambda info: OcrEngine(info, lambda: _load(weights, settings, backend)),
    )


def _load(weights: store.Weights, settings: EngineSettings, backend: Backend) -> OcrNetworks:
    started = time.monotonic()
    if weights.expected:
        store.verify(weights)
    else:
        log.warning("OCR model %s is not in the catalogue: served unverified", weights.name)
    on_gpu = backend.device.kind != "cpu"
    options = OcrOptions(
        detect=DetectOptions(side=settings.ocr_det_side, bucket=GPU_BUCKET if on_gpu else STRIDE),
        recognise=RecogniseOptions(
            most_lines=settings.ocr_max_batch,
            static_widths=on_gpu if settings.ocr_rec_dynamic_width is None else not settings.ocr_rec_dynamic_width,
            # A core gains nothing from a batch, and short work spreads over cores; a GPU wants much at once.
            batch_width=10_240 if on_gpu else 640,
        ),
    )
    networks = OcrNetworks(weights, backend, core_count(settings), options)
    log.info("loaded %s in %.1f s", weights.name, time.monotonic() - started)
    return networks
