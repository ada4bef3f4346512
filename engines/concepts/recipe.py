"""Vectors of recognised objects, under the name `concepts`, from two wheels and no hub.

A picture's vector is the mean of the sentence vectors of what an ImageNet classifier sees in it, a text's its own
sentence vector. So a search finds what the picture shows as far as the classifier knows it. Nothing here is CLIP's:
the two kinds of vectors never mix, which name and digest see to.
"""

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from engines.clip.engine import ClipImageEngine
from engines.clip.preprocess import Preprocessing
from engines.clip.towers import ImageTower
from engines.concepts import write
from engines.concepts.engine import ConceptTextEngine
from engines.concepts.towers import SentenceTower
from engines.concepts.wheels import CLASSIFIER, SENTENCES, TOKENIZER
from engines.loading import Recipe
from engines.runtime import Backend, core_count
from engines.settings import EngineSettings

log = logging.getLogger(__name__)

# TensorFlow's EfficientNet-Lite takes (x - 127) / 128. The whole picture, squashed: what stands at its edge counts.
PREPROCESSING: Final = Preprocessing(
    side=260, resize_mode="squash", mean=(127 / 255, 127 / 255, 127 / 255), std=(128 / 255, 128 / 255, 128 / 255)
)

T = TypeVar("T")


def find_image(asked: str | None, settings: EngineSettings, backend: Backend) -> Recipe:
    """The recipe of what makes vectors of pictures; loads nothing.

    Args:
        asked: makes no difference: there is one such model.

    Raises:
        ModelMissing: a wheel is not installed; the hint has the command.
    """
    _ = asked, CLASSIFIER.locate(), SENTENCES.locate(), TOKENIZER.locate()

    def load() -> ImageTower:
        return _loaded(
            "pictures",
            # The network's vectors have length 1 already.
            lambda: ImageTower(write.image_tower(settings), backend, core_count(settings), PREPROCESSING, False),
        )

    digest = f"{write.image_digest()} {PREPROCESSING}"
    return Recipe(write.NAME, digest, lambda info: ClipImageEngine(info, load, PREPROCESSING.side), write.DIMENSIONS)


def find_text(asked: str | None, settings: EngineSettings, backend: Backend) -> Recipe:
    """The recipe of what makes vectors of texts; loads nothing.

    Args:
        asked: makes no difference: there is one such model.

    Raises:
        ModelMissing: a wheel is not installed; the hint has the command.
    """
    _ = asked, SENTENCES.locate(), TOKENIZER.locate()

    def load() -> SentenceTower:
        return _loaded(
            "texts",
            lambda: SentenceTower(write.text_tower(settings), TOKENIZER.locate(), backend, core_count(settings)),
        )

    return Recipe(write.NAME, write.text_digest(), lambda info: ConceptTextEngine(info, load), write.DIMENSIONS)


def _loaded(what: str, load: Callable[[], T]) -> T:
    started = time.monotonic()
    tower = load()
    log.info("loaded %s for %s in %.1f s", write.NAME, what, time.monotonic() - started)
    return tower
