"""The CLIP engines: pictures in or texts in, vectors of one space out. A search never waits for photos."""

from collections.abc import Callable, Sequence

from engines.clip.preprocess import ENOUGH
from engines.clip.towers import ImageTower, TextTower
from engines.images import Image
from engines.loading import Engine
from engines.types import Embedding, ModelInfo


class ClipImageEngine(Engine[ImageTower]):
    """Vectors of pictures; thread safe.

    Attributes:
        at_least: shorter side, pixels, from which on a picture gives the vector that it gives at full size; what
            `images.decode` may scale to where nobody else wants the picture.
    """

    def __init__(self, info: ModelInfo, load: Callable[[], ImageTower], side: int) -> None:
        """Take the model's description, what loads it, and the side of what its network sees, pixels."""
        super().__init__(info, load)
        self.at_least = ENOUGH * side

    def embed(self, image: Image) -> Embedding:
        """The vector of a picture; calls that come together share a batch.

        Raises:
            InferenceFailed: the runtime gave up on this picture.
        """
        return self.embed_many([image])[0]

    def embed_many(self, images: Sequence[Image]) -> list[Embedding]:
        """The vectors of some pictures, in their order; errors as `embed`."""
        with self._in_use() as tower:
            return tower.embed(images)


class ClipTextEngine(Engine[TextTower]):
    """Vectors of texts; thread safe."""

    def embed(self, text: str, language: str | None = None) -> Embedding:
        """The vector of a text; calls that come together share a batch.

        Args:
            text: of any length; what the model's context cannot hold is cut off.
            language: its tag, such as `de` or `zh-CN`; only multilingual NLLB models look at it.

        Raises:
            InferenceFailed: the runtime gave up on this text.
        """
        return self.embed_many([text], language)[0]

    def embed_many(self, texts: Sequence[str], language: str | None = None) -> list[Embedding]:
        """The vectors of some texts, in their order; as `embed`."""
        with self._in_use() as tower:
            return tower.embed(texts, language)
