"""The engine of texts; that of pictures is CLIP's own, with another network in it."""

from collections.abc import Sequence

from engines.concepts.towers import SentenceTower
from engines.loading import Engine
from engines.types import Embedding


class ConceptTextEngine(Engine[SentenceTower]):
    """Vectors of texts, to be compared with those of recognised objects; thread safe."""

    def embed(self, text: str, language: str | None = None) -> Embedding:
        """The vector of a text, of length 1; calls that come together share a batch.

        Args:
            text: English. A text in another language is answered too, but finds little: the model knows hardly a word
                of it. What goes over 256 word pieces is cut off.
            language: makes no difference.

        Raises:
            InferenceFailed: the runtime gave up on this text.
        """
        return self.embed_many([text], language)[0]

    def embed_many(self, texts: Sequence[str], _language: str | None = None) -> list[Embedding]:
        """The vectors of some texts, in their order; as `embed`."""
        with self._in_use() as tower:
            return tower.embed(texts)
