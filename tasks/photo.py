"""What a worker does for one photo: decode once, answer from memory what is known, run the engines for the rest."""

import contextlib
import hashlib
import logging
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.errors import EngineError, InferenceFailed, NotAPicture, PictureOutOfRange
from engines.images import Image, decode
from engines.taken import taken_at
from engines.types import ModelInfo
from monitoring import metrics, tracing
from tasks import results
from tasks.analyses import PROBE, Wanted, alike
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


@dataclass(slots=True)
class Look:
    """A photo that is being looked at.

    Attributes:
        findings: so far, by analysis.
        cached: analyses that were known.
        missing: analyses that were not.
        models: of what is wanted.
        image: decoded where something is missing.
        started: `time.perf_counter()` then.
    """

    sha256: str
    findings: dict[str, Finding]
    cached: tuple[str, ...]
    missing: tuple[Wanted, ...]
    models: dict[str, ModelInfo]
    image: Image | None
    taken_at: float | None
    started: float

    def found(self, task: Wanted, body: dict[str, Any]) -> None:
        """Note the result of an analysis."""
        image, info = self.image, self.models[task.name]
        assert image is not None
        said = Finding(task.name, info.name, info.revision, image.width, image.height, body, task.key)
        self.findings[task.name] = said


def begin(
    inference: Inference,
    settings: "EngineSettings",
    store: Store,
    source: bytes | Path,
    tasks: Sequence[Wanted],
    *,
    sha256: str | None = None,
    use_cache: bool = True,
) -> Look:
    """Look up what is known of a photo, and decode it where something is missing.

    Args:
        inference: of the models that are asked for.
        settings: of what is decoded.
        store: what is known.
        source: the picture's bytes, or its file.
        tasks: analyses, each name once.
        sha256: of the bytes, where the caller knows it.
        use_cache: whether what is known counts.

    Raises:
        EngineError: the picture cannot be used, a model is missing.
        OSError: the file cannot be read.
    """
    started = time.perf_counter()
    with _counted(tasks):
        data = source if isinstance(source, bytes) else read(source, settings)
        models = {task.name: inference.engines.resolve(task.name, task.model) for task in tasks if task.name != PROBE}
    digest = sha256 or hashlib.sha256(data).hexdigest()
    wanted = {task.name: (*_of(models[task.name]), task.key) for task in tasks if task.name in models}
    findings = _known(store, digest, wanted) if use_cache and wanted else {}
    missing, image = tuple(task for task in tasks if task.name not in findings), None
    if missing:
        with _counted(missing), tracing.span("decode"):
            image = decode(data, settings, _at_least(inference, missing))
    return Look(digest, findings, tuple(findings), missing, models, image, taken_at(data), started)


def finish(inference: Inference, look: Look) -> PhotoReport:
    """Run the analyses that are still missing, on the one decoded picture.

    Raises:
        EngineError: a model is missing, the runtime failed.
    """
    for task in look.missing:
        if task.name not in look.findings:
            _run(inference, task, look)
    some = next(iter(look.findings.values()))
    spent_s = time.perf_counter() - look.started
    return PhotoReport(look.sha256, some.width, some.height, look.findings, look.cached, spent_s, look.taken_at)


def embed_together(inference: Inference, looks: Iterable[Look]) -> None:
    """Compute the vectors of photos of which nothing else is missing, in one call for each model.

    What fails is left to `finish`, which tries each alone, as one of the others may be to blame.
    """
    by_model: dict[str, list[Look]] = {}
    for look in looks:
        if alike(look.missing):
            by_model.setdefault(look.models["clip"].name, []).append(look)
    for some in by_model.values():
        task, info, started = some[0].missing[0], some[0].models["clip"], time.perf_counter()
        if len(some) == 1:
            continue
        try:
            with tracing.span("clip", _facts(info)):
                bodies = inference.vectors(task.model, [look.image for look in some if look.image is not None])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised by the one that is to blame
            log.warning("%s failed on %d pictures together, each is tried alone: %s", info.name, len(some), error)
            continue
        for look, body in zip(some, bodies, strict=True):
            _count_done(info, "clip", started)
            look.found(look.missing[0], body)


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


@contextlib.contextmanager
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


def _run(inference: Inference, task: Wanted, look: Look) -> None:
    image, info = look.image, look.models.get(task.name)
    assert image is not None
    if info is None:
        look.findings[PROBE] = Finding(PROBE, PROBE, "1", image.width, image.height, {})
        return
    started = time.perf_counter()
    try:
        with _counted([task]), tracing.span(task.name, _facts(info)):
            body = inference.run(task, image)
    except EngineError:
        raise
    except Exception as error:
        log.exception("%s failed on a %dx%d picture", task.name, image.width, image.height)
        raise InferenceFailed(f"{info.name} failed on this picture.") from error
    _count_done(info, task.name, started)
    look.found(task, body)


def _facts(info: ModelInfo) -> tracing.Facts:
    return {"darkroom.model": info.name, "darkroom.device": info.device}


def _count_done(info: ModelInfo, name: str, started: float) -> None:
    metrics.RUN_SECONDS.labels(name, info.name, info.device).observe(time.perf_counter() - started)
    metrics.ITEMS.labels(name, "done").inc()
