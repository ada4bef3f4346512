"""A model's name leads to the tower that answers for it, or to an error that says what to do."""

import logging
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import engines
from engines.clip import recipe
from engines.clip.engine import ClipImageEngine, ClipTextEngine
from engines.clip.recipe import find_image, find_text
from engines.errors import ModelMissing, ModelUnknown
from engines.loading import Recipe
from engines.runtime import Backend
from engines.settings import EngineSettings
from engines.types import ModelInfo
from tests.golden.clip.inputs import picture
from tests.unit.engines.conftest import as_image

Find = Callable[[str | None, EngineSettings, Backend], Recipe]

INFO = ModelInfo("clip", "fake", "0", "fake", "cpu", "onnxruntime", "f32", False)
DEFAULT = EngineSettings(clip_visual_model_name="ViT-B-32__openai", clip_textual_model_name="ViT-B-32__openai")
FALLBACK = DEFAULT.model_copy(update={"clip_fallback": "concepts"})


@pytest.fixture
def concepts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Concept vectors that are found, whatever they are."""
    package, module = ModuleType("engines.concepts"), ModuleType("engines.concepts.recipe")

    def find(asked: str | None, settings: EngineSettings, backend: Backend) -> Recipe:
        return Recipe("concepts", "0", lambda info: pytest.fail("not to be made here"), 512)

    vars(module).update(find_image=find, find_text=find)
    vars(package).update(recipe=module)
    monkeypatch.setitem(sys.modules, "engines.concepts", package)
    monkeypatch.setitem(sys.modules, "engines.concepts.recipe", module)
    monkeypatch.setattr(engines, "concepts", package, raising=False)
    recipe._say_fallback.cache_clear()


def test_an_export_of_immich_is_found_by_its_name(cache: Path, openclip: Path, backend: Backend) -> None:
    shutil.copytree(openclip, cache / "My-Model")
    image, text = find_image("My-Model", DEFAULT, backend), find_text("My-Model", DEFAULT, backend)
    assert (image.name, image.dimensions, text.name, text.dimensions) == ("My-Model", 64, "My-Model", 64)
    eyes, ears = image.engine(INFO), text.engine(INFO)
    assert isinstance(eyes, ClipImageEngine)
    assert isinstance(ears, ClipTextEngine)
    assert not eyes.info.loaded
    assert len(eyes.embed(as_image(picture(2))).values) == 64
    assert len(ears.embed("a cat").values) == 64
    assert eyes.info.loaded


def test_without_a_name_the_configured_models_answer(cache: Path, openclip: Path, backend: Backend) -> None:
    shutil.copytree(openclip, cache / "eyes")
    shutil.copytree(openclip, cache / "ears")
    settings = EngineSettings(clip_visual_model_name="eyes", clip_textual_model_name="ears")
    assert find_image(None, settings, backend).name == "eyes"
    assert find_text(None, settings, backend).name == "ears"


def test_the_pair_of_mt_photos_answers_where_clip_model_names_it(cache: Path, chinese: Path, backend: Backend) -> None:
    shutil.copytree(chinese, cache / "ViT-B-16")
    settings = EngineSettings(clip_model="ViT-B-16")
    image, text = find_image(None, settings, backend), find_text(None, settings, backend)
    assert (image.name, image.dimensions, text.name, text.dimensions) == ("ViT-B-16", 512, "ViT-B-16", 512)
    assert len(image.engine(INFO).embed(as_image(picture(2))).values) == 512
    assert len(text.engine(INFO).embed("飞机").values) == 512


def test_vectors_have_length_1_where_it_is_asked_for(cache: Path, chinese: Path, backend: Backend) -> None:
    shutil.copytree(chinese, cache / "ViT-B-16")
    plain, unit = (EngineSettings(clip_model="ViT-B-16", clip_normalize=asked) for asked in (False, True))
    raw = np.array(find_image(None, plain, backend).engine(INFO).embed(as_image(picture(2))).values)
    scaled = np.array(find_image(None, unit, backend).engine(INFO).embed(as_image(picture(2))).values)
    assert np.linalg.norm(raw) > 1.5
    assert scaled == pytest.approx(raw / np.linalg.norm(raw), abs=1e-6)


def test_each_tower_has_a_digest_of_its_own(cache: Path, openclip: Path, backend: Backend) -> None:
    shutil.copytree(openclip, cache / "M")
    image, text = find_image("M", DEFAULT, backend).digest, find_text("M", DEFAULT, backend).digest
    (cache / "M" / "textual" / "tokenizer_config.json").write_text('{"pad_token": "<|endoftext|>", "x": 1}')
    assert find_image("M", DEFAULT, backend).digest == image
    assert find_text("M", DEFAULT, backend).digest != text
    assert find_image("M", DEFAULT.model_copy(update={"clip_normalize": True}), backend).digest != image


@pytest.mark.parametrize(
    ("gone", "find"),
    [
        ("visual/model.onnx", find_image),
        ("visual/preprocess_cfg.json", find_image),
        ("textual/model.onnx", find_text),
        ("textual/tokenizer.json", find_text),
        ("textual/tokenizer_config.json", find_text),
    ],
)
@pytest.mark.usefixtures("concepts")
def test_half_a_model_is_missing_and_nothing_stands_in(
    cache: Path, openclip: Path, backend: Backend, gone: str, find: Find
) -> None:
    shutil.copytree(openclip, cache / "ViT-B-32__openai")
    (cache / "ViT-B-32__openai" / gone).unlink()
    with pytest.raises(ModelMissing) as caught:
        find(None, FALLBACK, backend)
    assert caught.value.hint == "darkroom models pull ViT-B-32__openai"


def test_a_pair_without_its_vocabulary_says_where_to_put_it(cache: Path, chinese: Path, backend: Backend) -> None:
    shutil.copytree(chinese, cache / "ViT-B-16")
    (cache / "ViT-B-16" / "vocab.txt").unlink()
    assert find_image("ViT-B-16", DEFAULT, backend).name == "ViT-B-16"
    with pytest.raises(ModelMissing) as caught:
        find_text("ViT-B-16", DEFAULT, backend)
    assert caught.value.hint == f"put Chinese-CLIP's vocab.txt into {cache / 'ViT-B-16'}"


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_broken_description_is_named(cache: Path, openclip: Path, backend: Backend, text: str) -> None:
    shutil.copytree(openclip, cache / "M")
    (cache / "M" / "config.json").write_text(text)
    with pytest.raises(ModelMissing, match=r"config\.json"):
        find_image("M", DEFAULT, backend)


def test_a_model_without_a_description_has_unknown_dimensions(cache: Path, openclip: Path, backend: Backend) -> None:
    shutil.copytree(openclip, cache / "M")
    (cache / "M" / "config.json").unlink()
    assert find_image("M", DEFAULT, backend).dimensions is None
    assert len(find_text("M", DEFAULT, backend).engine(INFO).embed("a cat").values) == 64


def test_a_file_that_is_no_model_is_an_error_when_it_is_loaded(cache: Path, openclip: Path, backend: Backend) -> None:
    shutil.copytree(openclip, cache / "M")
    (cache / "M" / "visual" / "model.onnx").write_bytes(b"version https://git-lfs")
    with pytest.raises(ModelMissing, match=r"model\.onnx cannot be loaded"):
        find_image("M", DEFAULT, backend).engine(INFO).load()


@pytest.mark.usefixtures("cache", "concepts")
@pytest.mark.parametrize("find", [find_image, find_text])
class TestFallback:
    """Recognised objects stand in only where that was chosen, and it is said."""

    def test_a_missing_model_is_an_error_by_default(self, find: Find, backend: Backend) -> None:
        with pytest.raises(ModelMissing) as caught:
            find(None, DEFAULT, backend)
        assert caught.value.hint == "darkroom models pull ViT-B-32__openai"

    def test_concepts_stand_in_for_a_missing_model(
        self, find: Find, backend: Backend, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            found = [find(asked, FALLBACK, backend) for asked in (None, "ViT-B-32__openai", None)]
        assert [(one.name, one.dimensions) for one in found] == [("concepts", 512)] * 3
        assert [record.getMessage() for record in caplog.records] == [
            "CLIP model ViT-B-32__openai cannot be had here, recognised objects stand in (CLIP_FALLBACK=concepts)"
        ]

    def test_they_stand_in_for_a_configured_name_that_nobody_knows(self, find: Find, backend: Backend) -> None:
        settings = FALLBACK.model_copy(update={"clip_model": "my-own"})
        assert find(None, settings, backend).name == "concepts"

    def test_they_never_stand_in_for_a_name_that_nobody_knows(self, find: Find, backend: Backend) -> None:
        with pytest.raises(ModelUnknown):
            find("ViT-B-33", FALLBACK, backend)

    def test_they_never_stand_in_beside_a_configured_tower_that_is_here(
        self, find: Find, cache: Path, openclip: Path, backend: Backend
    ) -> None:
        shutil.copytree(openclip, cache / "here")
        settings = EngineSettings(
            clip_visual_model_name="here" if find is find_text else "ViT-B-16",
            clip_textual_model_name="here" if find is find_image else "ViT-B-16",
            clip_fallback="concepts",
        )
        with pytest.raises(ModelMissing, match="ViT-B-16"):
            find(None, settings, backend)

    def test_they_may_be_asked_for_by_name(self, find: Find, backend: Backend) -> None:
        assert find("concepts", DEFAULT, backend).name == "concepts"
