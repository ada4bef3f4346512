"""Where a model's files can be fetched: what each source has of it, as addresses with digests."""

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx

from engines.errors import ModelMissing
from engines.settings import EngineSettings
from engines.store import record
from engines.store.layout import is_ours, networks, usual
from engines.store.types import Known, RemoteFile

FILE: Final = "file://"


class SourceFailed(Exception):
    """A source does not have the model, or not whole, or not as it should be."""


def names(settings: EngineSettings) -> list[str]:
    """The sources of MODEL_SOURCES in their order. Raises ModelMissing where one is not known."""
    asked = [part.strip() for part in settings.model_sources.split(",") if part.strip()]
    for name in asked:
        if name not in _SOURCES:
            raise ModelMissing(f"MODEL_SOURCES: there is no source {name!r}", hint=f"known: {', '.join(_SOURCES)}")
    return asked


def offer(source: str, model: Known, settings: EngineSettings, client: httpx.Client) -> tuple[RemoteFile, ...]:
    """What a source has of a model; `where` is a whole address. Empty where it is not asked at all.

    Raises:
        SourceFailed: it answers with something else than files of this model.
        httpx.HTTPError: it does not answer.
    """
    try:
        files = _SOURCES[source](model, settings, client)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceFailed("its answer is no list of files") from error
    if files and (lacking := networks(model) - {file.path for file in files}):
        raise SourceFailed(f"it has no {', '.join(sorted(lacking))}")
    return files


def _huggingface(model: Known, settings: EngineSettings, client: httpx.Client) -> tuple[RemoteFile, ...]:
    """The hub's list, with the sha256 of every large file; it comes in pages."""
    if not model.repository:
        return ()
    base = settings.hf_endpoint.rstrip("/")
    page = f"{base}/api/models/{model.repository}/tree/main?recursive=true"
    entries: list[dict[str, Any]] = []
    while page:
        answer = client.get(page).raise_for_status()
        entries += answer.json()
        following = answer.links.get("next", {}).get("url", "")
        page = urljoin(page, following) if following else ""
    return tuple(
        RemoteFile(
            path=entry["path"],
            where=f"{base}/{model.repository}/resolve/main/{quote(entry['path'])}",
            size=entry.get("size"),
            sha256=(entry.get("lfs") or {}).get("oid"),
        )
        for entry in entries
        if entry["type"] == "file" and is_ours(entry["path"])
    )


def _modelscope(model: Known, settings: EngineSettings, _client: httpx.Client) -> tuple[RemoteFile, ...]:
    base = settings.modelscope_endpoint.rstrip("/")
    return tuple(
        RemoteFile(file.path, f"{base}/{file.where}", file.size, file.sha256, file.needed) for file in model.files
    )


def _url(model: Known, settings: EngineSettings, client: httpx.Client) -> tuple[RemoteFile, ...]:
    """A mirror: its own note says what is in it, else what is in a folder, else what is usual for such a model."""
    root = settings.model_url.rstrip("/")
    if not root:
        return ()
    if root.startswith("/"):
        root = FILE + quote(root)
    base = f"{root}/{model.task}/{quote(model.name)}"
    noted, there = _in_folder(Path(unquote(urlsplit(base).path))) if base.startswith(FILE) else _at(base, client)
    published = {file.path: file.sha256 for file in model.files} | {p: str(f["sha256"]) for p, f in noted.items()}
    listed = [(path, True) for path in noted or there] or list(usual(model))
    return tuple(
        RemoteFile(path, f"{base}/{quote(path)}", noted.get(path, {}).get("size"), published.get(path), needed)
        for path, needed in listed
        if is_ours(path)
    )


def _in_folder(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """A folder's note, and what is in it."""
    there = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    if not there:
        raise SourceFailed(f"nothing is in {folder}")
    return record.read(folder).get("files", {}), there


def _at(base: str, client: httpx.Client) -> tuple[dict[str, Any], list[str]]:
    """An address's note, where it has one; what else is there cannot be asked."""
    answer = client.get(f"{base}/{record.NAME}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return {}, []
    note: dict[str, Any] = json.loads(answer.raise_for_status().content)["files"]
    return dict(note.items()), []


_SOURCES: Final = {"huggingface": _huggingface, "modelscope": _modelscope, "url": _url}
