"""What a worker does for one photo: decode once, answer from memory what is known, run the engines for the rest."""

import hashlib
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engines.errors import EngineError, InferenceFailed
from engines.images import Image, decode
from engines.types import ModelInfo
from monitoring import metrics
from tasks import results
from tasks.analyses import PROBE
from tasks.results import Finding
from tasks.store.session import Store

if TYPE_CHECKING:
    from engines.registry import Engines
    from engines.settings import EngineSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What is known of a photo now.

    Attributes:
        findings: by analysis.
        cached: analyses that needed no inference.
        run_s: seconds from the start of the work to its end.
    """

    sha256: str
    width: int
    height: int
    findings: dict[str, Finding]
    cached: tuple[str, ...]
    run_s: float
    models: dict[str, ModelInfo] = field(default_factory=dict)


def examine(
    engines: "Engines",
    settings: "EngineSettings",
    store: Store,
    source: bytes | Path,
    tasks: tuple[str, ...],
    *,
    sha256: str | None = None,
    use_cache: bool = True,
) -> PhotoReport:
    """Run the analyses that are not known yet.

    Args:
        source: the picture's bytes, or its file.
        tasks: analyses, such as `ocr`.
        sha256: of the bytes, where the caller knows it.

    Raises:
        EngineError: the picture cannot be used, a model is missing, the runtime failed.
        OSError: the file cannot be read.
    """
    started = time.perf_counter()
    data = source if isinstance(source, bytes) else source.read_bytes()
    digest = sha256 or hashlib.sha256(data).hexdigest()
    models = {task: engines.resolve(task, None) for task in tasks if task != PROBE}
    wanted = {task: (info.name, info.revision) for task, info in models.items()}
    findings = results.lookup(store, digest, wanted) if use_cache and wanted else {}
    cached = tuple(findings)
    for task in cached:
        metrics.ITEMS.labels(task, "cached").inc()
    missing = [task for task in tasks if task not in findings]
    if missing:
        image = decode(data, settings)
        for task in missing:
            findings[task] = _run(engines, task, image, models.get(task))
    some = next(iter(findings.values()))
    return PhotoReport(digest, some.width, some.height, findings, cached, time.perf_counter() - started, models)


def _run(engines: "Engines", task: str, image: Image, info: ModelInfo | None) -> Finding:
    if info is None:
        return Finding(PROBE, PROBE, "1", image.width, image.height, {})
    started = time.perf_counter()
    try:
        page = engines.ocr(None).read(image)
    except EngineError:
        metrics.ITEMS.labels(task, "failed").inc()
        raise
    except Exception as error:
        metrics.ITEMS.labels(task, "failed").inc()
        log.exception("%s failed on a %dx%d picture", task, image.width, image.height)
        raise InferenceFailed(f"{info.name} failed on this picture.") from error
    metrics.RUN_SECONDS.labels(task, info.name, info.device).observe(time.perf_counter() - started)
    metrics.ITEMS.labels(task, "done").inc()
    return results.from_page(page, info)
