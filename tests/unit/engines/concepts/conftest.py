"""A model cache with both towers written, and the engines that run them."""

from pathlib import Path

import pytest

from engines.clip.engine import ClipImageEngine
from engines.concepts import recipe
from engines.concepts.engine import ConceptTextEngine
from engines.loading import Engine, Recipe
from engines.runtime import Backend, choose_backend
from engines.settings import EngineSettings
from engines.types import ModelInfo


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> EngineSettings:
    """Settings whose model cache keeps the towers for all tests."""
    return EngineSettings(model_cache=tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def backend(written: EngineSettings) -> Backend:
    return choose_backend("cpu", written)


def engine_of(found: Recipe, capability: str) -> Engine:
    """A recipe's engine, as the registry makes it."""
    info = ModelInfo(
        capability, found.name, found.digest[:12], found.name, "cpu", "onnxruntime", "f32", False, found.dimensions
    )
    return found.engine(info)


@pytest.fixture(scope="session")
def images(written: EngineSettings, backend: Backend) -> ClipImageEngine:
    """The engine of pictures."""
    engine = engine_of(recipe.find_image(None, written, backend), "clip")
    assert isinstance(engine, ClipImageEngine)
    return engine


@pytest.fixture(scope="session")
def texts(written: EngineSettings, backend: Backend) -> ConceptTextEngine:
    """The engine of texts."""
    engine = engine_of(recipe.find_text(None, written, backend), "clip_text")
    assert isinstance(engine, ConceptTextEngine)
    return engine


def tower_file(settings: EngineSettings, part: str) -> Path:
    """Where `visual` or `textual` is written."""
    return settings.model_cache / "clip" / "concepts" / part / "model.onnx"
