"""Downloads a model: resumed, verified, there at once or not at all, and by one process at a time.

One small downloader serves every source, since all of them are plain HTTP with ranges; a folder is copied by it too.
"""

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import filelock
import httpx

from engines.errors import ModelMissing, ModelUnknown
from engines.settings import EngineSettings
from engines.store import record
from engines.store.catalogue import catalogue
from engines.store.locate import place
from engines.store.sources import Offer, offers
from engines.store.types import Known, RemoteFile

TRIES: Final = 5
PAUSE_S: Final = 0.5
TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)

Progress = Callable[[str, int, int | None], None]
"""Is told a file's path, bytes that are there, and bytes in all where that is known."""


class WrongDigest(Exception):
    """What came is not what the source says it has."""


def known(name: str) -> Known:
    """A model of the catalogue by its name, whatever its task. Raises ModelUnknown."""
    found = [model for (_, model_name), model in catalogue().items() if model_name == name]
    if not found:
        raise ModelUnknown(f"no model is called {name}", hint="darkroom models list shows those that are known")
    return found[0]


def pull(model: Known, settings: EngineSettings, progress: Progress, again: bool = False) -> Path:
    """Get a model into the cache; at once where it is there already.

    Args:
        progress: told how far each file is.
        again: fetch it even if it is there.

    Returns:
        Its folder.

    Raises:
        ModelMissing: no source has it, or none gives it unharmed; what was there stays as it was.
    """
    folder = place(model.task, model.name, settings)
    work = settings.model_cache.expanduser() / ".downloads" / f"{model.task}__{model.name}"
    work.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{work}.lock"):
        if not again and record.read(folder):
            return folder  # another process was quicker, or it was pulled before
        if settings.hf_hub_offline:
            raise ModelMissing(f"{model.name} is not fetched: HF_HUB_OFFLINE is set", hint=_by_hand(model, folder))
        _from_any(model, settings, work, folder, progress)
    return folder


def _from_any(model: Known, settings: EngineSettings, work: Path, folder: Path, progress: Progress) -> None:
    reasons = []
    with httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client:
        sources = offers(model, settings, client)
        while True:
            try:
                offer = next(sources, None)
                if offer is None:
                    break
                files = {file.path: _file(client, file, work / file.path, progress) for file in offer.files}
            except (httpx.HTTPError, WrongDigest, OSError) as error:
                reasons.append(f"{type(error).__name__}: {error}")
                sources = _after(sources, model, settings, client, len(reasons))
                continue
            _settle(offer, {path: file for path, file in files.items() if file}, work, folder)
            return
    why = "; ".join(reasons) or "no source of MODEL_SOURCES has it"
    raise ModelMissing(f"{model.name} cannot be fetched: {why}", hint=_by_hand(model, folder))


def _after(sources: Any, model: Known, settings: EngineSettings, client: httpx.Client, failed: int) -> Any:
    """The sources that are left: one that raised while it was asked has ended its generator."""
    names = [part.strip() for part in settings.model_sources.split(",") if part.strip()][failed:]
    return offers(model, settings.model_copy(update={"model_sources": ",".join(names)}), client)


def _settle(offer: Offer, files: dict[str, dict[str, Any]], work: Path, folder: Path) -> None:
    """Put a finished download in its place: as a whole where nothing was there, else file by file."""
    record.write(work, offer.source, files)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        work.rename(folder)
        return
    for path in [*files, record.NAME]:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / path).replace(target)
    shutil.rmtree(work)


def _file(client: httpx.Client, file: RemoteFile, target: Path, progress: Progress) -> dict[str, Any] | None:
    """One file, checked; None where the source lacks it and the model can do without."""
    target.parent.mkdir(parents=True, exist_ok=True)
    said = file.sha256
    for attempt in range(TRIES):
        try:
            said = _into(client, file, target, progress) or said
            break
        except httpx.HTTPStatusError as error:
            if error.response.status_code == 404 and not file.needed:
                return None
            if error.response.status_code < 500 or attempt == TRIES - 1:
                raise
        except httpx.TransportError:
            if attempt == TRIES - 1:
                raise
        time.sleep(PAUSE_S * 2**attempt)
    with target.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    size = target.stat().st_size
    if (said and digest != said) or (file.size is not None and size != file.size):
        target.unlink()  # so that the next try does not go on where this one went wrong
        raise WrongDigest(f"{file.path} came with another digest or size than {urlsplit(file.where).netloc} says")
    checked = "catalogue" if file.sha256 else "source" if said else "nothing"
    return {"sha256": digest, "size": size, "checked": checked}


def _into(client: httpx.Client, file: RemoteFile, target: Path, progress: Progress) -> str | None:
    """Fetch what is missing of a file; the digest that the source itself names."""
    if file.where.startswith("file://"):
        shutil.copyfile(unquote(urlsplit(file.where).path), target)
        return None
    there = target.stat().st_size if target.exists() else 0
    if file.size is not None and there == file.size:
        return None
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    with client.stream("GET", file.where, headers=headers) as answer:
        if answer.status_code == 416:  # nothing is missing, or the file has changed: the digest will tell
            return None
        answer.raise_for_status()
        resumed = answer.status_code == 206
        length = answer.headers.get("content-length")
        have = there if resumed else 0
        total = have + int(length) if length else None
        with target.open("ab" if resumed else "wb") as out:
            for chunk in answer.iter_raw():
                out.write(chunk)
                have += len(chunk)
                progress(file.path, have, total)
        return _named_digest(answer)


def _named_digest(answer: httpx.Response) -> str | None:
    """The sha256 that a hub says with a large file, in the answer or in one that led to it."""
    for one in (answer, *answer.history):
        tag: str = one.headers.get("x-linked-etag") or ""
        plain = tag.strip('"').lower()
        if len(plain) == 64 and all(digit in "0123456789abcdef" for digit in plain):
            return plain
    return None


def _by_hand(model: Known, folder: Path) -> str:
    return f"put its files into {folder}, or set HF_ENDPOINT or MODEL_URL and run: darkroom models pull {model.name}"
