"""Small CLIP models in the cache, and a store that finds whatever lies there."""

from pathlib import Path

import pytest

from engines import store
from engines.errors import ModelMissing, ModelUnknown
from engines.runtime import Backend, choose_backend
from engines.settings import EngineSettings
from tests.golden.clip.models import write_chinese, write_openclip

KNOWN = ("ViT-B-32__openai", "ViT-B-16")


@pytest.fixture(scope="session")
def openclip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OpenCLIP model's folder as Immich exports it."""
    folder = tmp_path_factory.mktemp("models") / "ViT-B-32__openai"
    write_openclip(folder)
    return folder


@pytest.fixture(scope="session")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of MT Photos' Chinese-CLIP pair."""
    folder = tmp_path_factory.mktemp("models") / "ViT-B-16"
    write_chinese(folder)
    return folder


@pytest.fixture
def backend() -> Backend:
    """onnxruntime on the CPU."""
    return choose_backend("cpu", EngineSettings())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the store finds CLIP models; it knows two names."""

    def find(task: str, name: str, settings: EngineSettings) -> store.Weights:
        folder = tmp_path / task / name
        files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
        if files:
            return store.Weights(name, files)
        raise (ModelMissing if name in KNOWN else ModelUnknown)(f"no {name}", hint=f"darkroom models pull {name}")

    monkeypatch.setattr(store, "find", find, raising=False)
    (tmp_path / "clip").mkdir()
    return tmp_path / "clip"
