"""Small pictures of a job's photos, made when somebody looks."""

import io
from typing import TYPE_CHECKING, Final

from PIL import Image

from engines.images import decode
from tasks import library, photo, views
from tasks.errors import ArtifactUnknown, PathMissing

if TYPE_CHECKING:
    from engines.settings import EngineSettings
    from tasks.worker import Worker

SIDE: Final = 640
QUALITY: Final = 82


def make(worker: "Worker", job_id: str, item_id: int) -> bytes:
    """A JPEG of a photo whose longer side is SIDE, or what the photo has if that is less.

    Raises:
        ArtifactUnknown: the job has no such photo.
        PathNotAllowed, PathMissing, BlobMissing: it may no longer be read, or is not there any more.
        EngineError: it cannot be decoded.
    """
    path, blob = views.photo_source(worker.store, job_id, item_id)
    if path is None and blob is None:
        raise ArtifactUnknown(f"Job {job_id} has no picture of item {item_id}.")
    if path is not None:
        try:
            data = photo.read(library.allowed(library.stored(path), worker.settings.roots), worker.engine_settings)
        except OSError as error:
            raise PathMissing(f"The file cannot be read: {error.strerror}.") from error
    else:
        data = worker.spool.get(blob or "")
    return scaled(data, worker.engine_settings, SIDE, QUALITY)


def scaled(data: bytes, settings: "EngineSettings", side: int, quality: int) -> bytes:
    """A photo as a JPEG file whose longer side is `side` pixels at most. Raises EngineError."""
    decoded = decode(data, settings, at_least=side)
    small = Image.fromarray(decoded.pixels)
    small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return jpeg(small, quality)


def jpeg(picture: Image.Image, quality: int) -> bytes:
    """A picture as a JPEG file."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
