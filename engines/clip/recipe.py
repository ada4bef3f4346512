"""A name -> the CLIP tower that would answer.

A model is one of two kinds, told by its files: an export in Immich's layout (`visual/`, `textual/`, `config.json`),
or MT Photos' pair of Chinese-CLIP. Where neither can be had and `CLIP_FALLBACK=concepts` says so, the vectors of
recognised objects stand in, under their own name.
"""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from engines import store
from engines.clip.engine import ClipImageEngine, ClipTextEngine
from engines.clip.preprocess import Preprocessing, read_config
from engines.clip.tokenize import TextReader, read_chinese, read_exported
from engines.clip.towers import ImageTower, TextTower
from engines.clip.trimmed import trimmed_image, trimmed_text
from engines.errors import ModelMissing, ModelUnknown
from engines.loading import Recipe
from engines.runtime import Backend, core_count
from engines.settings import EngineSettings

log = logging.getLogger(__name__)

CONCEPTS: Final = "concepts"
CHINESE_IMAGE: Final = "vit-b-16.img.fp32.onnx"
CHINESE_TEXT: Final = "vit-b-16.txt.fp32.onnx"
CHINESE_DIMENSIONS: Final = 512
CHINESE_PREPROCESSING: Final = Preprocessing(side=224, resize_mode="squash")

T = TypeVar("T")


def find_image(asked: str | None, settings: EngineSettings, backend: Backend) -> Recipe:
    """The recipe of a model's image tower.

    Args:
        asked: its name; None for `CLIP_MODEL`, or `CLIP_VISUAL_MODEL_NAME`.

    Raises:
        ModelUnknown: nothing has this name.
        ModelMissing: known, but not on this machine, or a file of it cannot be used.
    """
    weights = _find(asked or settings.default_model("clip"), settings)
    if weights is None:
        from engines.concepts import recipe as concepts

        return concepts.find_image(CONCEPTS, settings, backend)
    if CHINESE_IMAGE in weights.files:
        part, how = _part(weights, "vit-b-16.img."), CHINESE_PREPROCESSING
        model = part.files[CHINESE_IMAGE]
    else:
        model = _file(weights, "visual/model.onnx", "image tower")
        how = read_config(_file(weights, "visual/preprocess_cfg.json", "preprocess_cfg.json"))
        part = _part(weights, "visual/")

    def tower() -> ImageTower:
        short = trimmed_image(model, how.side, backend, settings.model_cache.expanduser())
        return ImageTower(short or model, backend, core_count(settings), how, settings.clip_normalize)

    def load() -> ImageTower:
        return _loaded(part, tower)

    return Recipe(
        weights.name,
        _digest(part, settings),
        lambda info: ClipImageEngine(info, load, how.side),
        _dimensions(weights),
    )


def find_text(asked: str | None, settings: EngineSettings, backend: Backend) -> Recipe:
    """The recipe of a model's text tower.

    Args:
        asked: its name; None for `CLIP_MODEL`, or `CLIP_TEXTUAL_MODEL_NAME`.

    Raises:
        ModelUnknown: nothing has this name.
        ModelMissing: known, but not on this machine, or a file of it cannot be used.
    """
    weights = _find(asked or settings.default_model("clip_text"), settings)
    if weights is None:
        from engines.concepts import recipe as concepts

        return concepts.find_text(CONCEPTS, settings, backend)
    chinese = CHINESE_TEXT in weights.files
    model = weights.files[CHINESE_TEXT] if chinese else _file(weights, "textual/model.onnx", "text tower")
    read = _chinese_reader(weights) if chinese else _exported_reader(weights)
    part = _part(weights, "vit-b-16.txt.", "vocab.txt") if chinese else _part(weights, "textual/", "config.json")
    # What each exporter traced the ids as: cn_clip's int64, Immich's int32.
    id_type = np.int64 if chinese else np.int32

    def tower() -> TextTower:
        reader, cores = read(), core_count(settings)
        short = trimmed_text(model, reader, id_type, backend, settings.model_cache.expanduser())
        return TextTower(
            short or model, backend, cores, reader, id_type, settings.clip_normalize, any_length=short is not None
        )

    def load() -> TextTower:
        return _loaded(part, tower)

    return Recipe(weights.name, _digest(part, settings), lambda info: ClipTextEngine(info, load), _dimensions(weights))


def _find(name: str, settings: EngineSettings) -> store.Weights | None:
    """The model's files; None where the concepts stand in, because they were asked for or nothing else can be had."""
    if name == CONCEPTS:
        return None
    try:
        return store.find("clip", name, settings)
    except (ModelMissing, ModelUnknown) as error:
        configured = {settings.default_model("clip"), settings.default_model("clip_text")}
        wanted = settings.clip_fallback == CONCEPTS and (name in configured or isinstance(error, ModelMissing))
        # Vectors of two kinds do not fit: with one configured tower here, the other must not be replaced.
        if not wanted or any(_is_here(other, settings) for other in configured - {name}):
            raise
    _say_fallback(name)
    return None


def _is_here(name: str, settings: EngineSettings) -> bool:
    try:
        store.find("clip", name, settings)
    except (ModelMissing, ModelUnknown):
        return False
    return True


def _file(weights: store.Weights, name: str, what: str) -> Path:
    if name not in weights.files:
        # No fall-back here: the model's other tower may be in use, and their vectors must fit.
        raise ModelMissing(
            f"the CLIP model {weights.name} has no {what} here", hint=f"darkroom models pull {weights.name}"
        )
    return weights.files[name]


def _part(weights: store.Weights, *prefixes: str) -> store.Weights:
    """What one tower is made of, so that the other one is neither read nor changes its digest."""
    files = {name: path for name, path in weights.files.items() if name.startswith(prefixes)}
    expected = {name: digest for name, digest in weights.expected.items() if name in files}
    return replace(weights, files=files, expected=expected)


def _exported_reader(weights: store.Weights) -> Callable[[], TextReader]:
    tokenizer = _file(weights, "textual/tokenizer.json", "tokenizer.json")
    tokenizer_config = _file(weights, "textual/tokenizer_config.json", "tokenizer_config.json")
    return lambda: read_exported(tokenizer, tokenizer_config, _model_config(weights.files))


def _chinese_reader(weights: store.Weights) -> Callable[[], TextReader]:
    vocabulary = weights.files.get("vocab.txt")
    if vocabulary is None:
        raise ModelMissing(
            f"the text tower of {weights.name} has no vocabulary here",
            hint=f"put Chinese-CLIP's vocab.txt into {weights.files[CHINESE_TEXT].parent}",
        )
    return lambda: read_chinese(vocabulary)


def _model_config(files: dict[str, Path]) -> dict[str, Any]:
    """Open_clip's description of the model; M-CLIP's own folders may have none."""
    path = files.get("config.json")
    if path is None:
        return {}
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("not an object")
    except (OSError, ValueError) as error:
        raise ModelMissing(f"{path} cannot be used: {error}", hint="get the model's files again") from error
    return config


def _dimensions(weights: store.Weights) -> int | None:
    if CHINESE_IMAGE in weights.files or CHINESE_TEXT in weights.files:
        return CHINESE_DIMENSIONS
    dimensions = _model_config(weights.files).get("embed_dim")
    return dimensions if isinstance(dimensions, int) else None


def _digest(weights: store.Weights, settings: EngineSettings) -> str:
    return store.digest(weights) + (" normalized" if settings.clip_normalize else "")


def _loaded(weights: store.Weights, load: Callable[[], T]) -> T:
    started = time.monotonic()
    if weights.expected:
        store.verify(weights)
    else:
        log.warning("CLIP model %s is not in the catalogue: served unverified", weights.name)
    tower = load()
    log.info("loaded %s in %.1f s", weights.name, time.monotonic() - started)
    return tower


@cache
def _say_fallback(name: str) -> None:
    log.warning("CLIP model %s cannot be had here, recognised objects stand in (CLIP_FALLBACK=concepts)", name)
