"""What a worker does for one photo: decode once, answer from memory what is known, run the engines for the rest."""

import hashlib
import logging
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engines.errors import EngineError, InferenceFailed, NotAPicture, PictureOutOfRange
from engines.images import Image, decode
from engines.taken import taken_at
from engines.types import ModelInfo
from monitoring import metrics, tracing
from tasks import results
from tasks.analyses import PROBE, Wanted
from tasks.inference import Inference
from tasks.results import Finding
from tasks.store.session import Store

if TYPE_CHECKING:
    from engines.settings import EngineSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PhotoReport:
    """What is known of a photo now.

    Attributes:
        findings: by analysis.
        cached: analyses that needed no inference.
        run_s: seconds from the start of the work to its end.
        taken_at: as the picture itself says, seconds since 1970.
    """

    sha256: str
    width: int
    height: int
    findings: dict[str, Finding]
    cached: tuple[str, ...]
    run_s: float
    taken_at: float | None = None


def examine(
    inference: Inference,
    settings: "EngineSettings",
    store: Store,
    source: bytes | Path,
    tasks: Sequence[Wanted],
    *,
    sha256: str | None = None,
    use_cache: bool = True,
) -> PhotoReport:
    """Run the analyses that are not known yet, on one decoded picture.

    Args:
        source: the picture's bytes, or its file.
        tasks: analyses, each name once.
        sha256: of the bytes, where the caller knows it.

    Raises:
        EngineError: the picture cannot be used, a model is missing, the runtime failed.
        OSError: the file cannot be read.
    """
    started = time.perf_counter()
    with _counted(tasks):
        data = source if isinstance(source, bytes) else read(source, settings)
        models = {task.name: inference.engines.resolve(task.name, task.model) for task in tasks if task.name != PROBE}
    digest = sha256 or hashlib.sha256(data).hexdigest()
    wanted = {task.name: (*_of(models[task.name]), task.key) for task in tasks if task.name in models}
    findings = _known(store, digest, wanted) if use_cache and wanted else {}
    cached = tuple(findings)
    missing = [task for task in tasks if task.name not in findings]
    if missing:
        with _counted(missing), tracing.span("decode"):
            image = decode(data, settings, _at_least(inference, missing))
        for task in missing:
            findings[task.name] = _run(inference, task, image, models.get(task.name))
    some = next(iter(findings.values()))
    spent_s = time.perf_counter() - started
    return PhotoReport(digest, some.width, some.height, findings, cached, spent_s, taken_at(data))


def _known(store: Store, digest: str, wanted: dict[str, tuple[str, str, str]]) -> dict[str, Finding]:
    found = results.lookup(store, digest, wanted)
    results.count_lookups(found, len(wanted) - len(found))
    return found


def read(path: Path, settings: "EngineSettings") -> bytes:
    """The bytes of a photo's file, never more of them than MAX_PHOTO_MB allows.

    Raises:
        NotAPicture: a pipe, a device or a folder has this name; one of these could be waited for without end.
        PictureOutOfRange: the file is too large.
        OSError: it cannot be read.
    """
    said = path.stat()
    if not stat.S_ISREG(said.st_mode):
        raise NotAPicture("no regular file has this name")
    limit = settings.max_photo_mb * 2**20
    if said.st_size <= limit:
        with path.open("rb") as file:
            data = file.read(limit + 1)  # it may have grown meanwhile
        if len(data) <= limit:
            return data
    raise PictureOutOfRange(
        f"the file is over {settings.max_photo_mb} MiB", "MAX_PHOTO_MB raises the limit, at the cost of memory."
    )


@contextmanager
def _counted(tasks: Sequence[Wanted]) -> Iterator[None]:
    """An error in the block is the failure of these analyses."""
    try:
        yield
    except Exception:
        count_failed(task.name for task in tasks)
        raise


def count_failed(names: Iterable[str]) -> None:
    """These analyses of a photo failed."""
    for name in names:
        if name != PROBE:
            metrics.ITEMS.labels(name, "failed").inc()


def _at_least(inference: Inference, missing: Sequence[Wanted]) -> int | None:
    """Pixels that are enough: a picture is decoded at a fraction of its size where only its CLIP vector is wanted."""
    if any(task.name != "clip" for task in missing):
        return None
    sides: list[int] = [inference.engines.engine("clip", task.model).at_least for task in missing]
    return max(sides)


def _of(info: ModelInfo) -> tuple[str, str]:
    return info.name, info.revision


def _run(inference: Inference, task: Wanted, image: Image, info: ModelInfo | None) -> Finding:
    if info is None:
        return Finding(PROBE, PROBE, "1", image.width, image.height, {})
    started = time.perf_counter()
    try:
        facts = {"darkroom.model": info.name, "darkroom.device": info.device}
        with _counted([task]), tracing.span(task.name, facts):
            body = inference.run(task, image)
    except EngineError:
        raise
    except Exception as error:
        log.exception("%s failed on a %dx%d picture", task.name, image.width, image.height)
        raise InferenceFailed(f"{info.name} failed on this picture.") from error
    metrics.RUN_SECONDS.labels(task.name, info.name, info.device).observe(time.perf_counter() - started)
    metrics.ITEMS.labels(task.name, "done").inc()
    return Finding(task.name, info.name, info.revision, image.width, image.height, body, task.key)
