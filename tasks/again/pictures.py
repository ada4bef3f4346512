"""A small picture of a known photo, made by a worker when somebody looks."""

import hashlib
from typing import TYPE_CHECKING, Final

from tasks import photo, previews
from tasks.again.sources import Sources, changed
from tasks.errors import PathMissing

if TYPE_CHECKING:
    from tasks.worker import Worker

QUALITY: Final = 82


def make(worker: "Worker", sha256: str, size: int) -> bytes:
    """A JPEG whose longer side is `size` pixels, or what the photo has if that is less.

    Raises:
        PhotoUnknown, PhotoChanged, PhotoGone, PathNotAllowed, PathMissing: as `Sources.find`.
        EngineError: it cannot be decoded.
    """
    sources = Sources(worker.store, worker.spool, worker.settings.roots)
    try:
        data = photo.read(sources.read(sources.find(sha256)), worker.engine_settings)
    except OSError as error:
        raise PathMissing(f"The file cannot be read: {error.strerror}.") from error
    if hashlib.sha256(data).hexdigest() != sha256:  # since it was compared
        raise changed()
    return previews.scaled(data, worker.engine_settings, size, QUALITY)
