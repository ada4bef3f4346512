"""Where a model's files can be fetched: what each source has of it, as addresses with digests."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

import httpx

from engines.errors import ModelMissing
from engines.settings import EngineSettings
from engines.store.types import Known, RemoteFile

LEFT_OUT: Final = (".armnn", ".rknn", ".gitattributes", "README.md", ".fp16.onnx")
"""Files in Immich's repositories that are for other hardware, or for people."""
USUAL: Final[dict[str, tuple[tuple[str, bool], ...]]] = {
    "clip": (
        ("config.json", False),
        ("visual/model.onnx", True),
        ("visual/preprocess_cfg.json", True),
        ("textual/model.onnx", True),
        ("textual/tokenizer.json", True),
        ("textual/tokenizer_config.json", True),
    ),
    "facial-recognition": (("detection/model.onnx", True), ("recognition/model.onnx", True)),
    "ocr": (("detection/model.onnx", True), ("recognition/model.onnx", True), ("recognition/dict.txt", False)),
}
CHINESE: Final = (("vit-b-16.img.fp32.onnx", True), ("vit-b-16.txt.fp32.onnx", True), ("vocab.txt", False))


@dataclass(frozen=True, slots=True)
class Offer:
    """What a source has of a model.

    Attributes:
        source: its name in MODEL_SOURCES.
        files: of the model; `where` is a whole address.
    """

    source: str
    files: tuple[RemoteFile, ...]


def offers(model: Known, settings: EngineSettings, client: httpx.Client) -> Iterator[Offer]:
    """The sources of MODEL_SOURCES that have a model, in their order.

    Raises:
        ModelMissing: a source is not known.
        httpx.HTTPError: the hub does not answer; the next source may.
    """
    for name in filter(None, (part.strip() for part in settings.model_sources.split(","))):
        if name not in _SOURCES:
            raise ModelMissing(f"MODEL_SOURCES: there is no source {name!r}", hint=f"known: {', '.join(_SOURCES)}")
        files = _SOURCES[name](model, settings, client)
        if files:
            yield Offer(name, files)


def _hub(model: Known, settings: EngineSettings, client: httpx.Client) -> tuple[RemoteFile, ...]:
    if not model.repository:
        return ()
    base = settings.hf_endpoint.rstrip("/")
    answer = client.get(f"{base}/api/models/{model.repository}/tree/main", params={"recursive": "true"})
    answer.raise_for_status()
    entries: list[dict[str, Any]] = answer.json()
    return tuple(
        RemoteFile(
            path=entry["path"],
            where=f"{base}/{model.repository}/resolve/main/{quote(entry['path'])}",
            size=entry.get("size"),
            sha256=(entry.get("lfs") or {}).get("oid"),
        )
        for entry in entries
        if entry["type"] == "file" and not entry["path"].endswith(LEFT_OUT) and _inside(entry["path"])
    )


def _modelscope(model: Known, settings: EngineSettings, _client: httpx.Client) -> tuple[RemoteFile, ...]:
    base = settings.modelscope_endpoint.rstrip("/")
    return tuple(
        RemoteFile(file.path, f"{base}/{file.where}", file.size, file.sha256, file.needed) for file in model.files
    )


def _plain(model: Known, settings: EngineSettings, _client: httpx.Client) -> tuple[RemoteFile, ...]:
    if not settings.model_url:
        return ()
    base = f"{settings.model_url.rstrip('/')}/{model.task}/{quote(model.name)}"
    listed = USUAL[model.task] if model.repository or model.task != "clip" else CHINESE
    known = {file.path: file.sha256 for file in model.files}
    return tuple(RemoteFile(path, f"{base}/{path}", None, known.get(path), needed) for path, needed in listed)


def _inside(path: str) -> bool:
    """Whether a path stays in the model's folder: a hub's answer is not trusted."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path


_SOURCES: Final = {"huggingface": _hub, "modelscope": _modelscope, "url": _plain}
