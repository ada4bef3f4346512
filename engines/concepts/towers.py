"""The sentence model, loaded. The image tower is CLIP's own: what differs is inside its network's file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from engines.batching import CPU_BATCH, GPU_BATCH, Batcher
from engines.errors import InferenceFailed, ModelMissing
from engines.runtime import Backend, open_session
from engines.types import Embedding

# Word pieces that the model was trained to read at most.
CONTEXT: Final = 256
# Cores that one batch of short texts uses well; more of them run several batches side by side.
_CORES: Final = 4

Ids = list[int]


class SentenceTower:
    """Texts -> vectors; called by several threads at once, their texts share batches."""

    def __init__(self, model: Path, tokenizer: Path, backend: Backend, cores: int) -> None:
        """Load the network.

        Raises:
            ModelMissing: a file cannot be loaded.
            DeviceMissing: the device cannot be used.
        """
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # tokenizers raises bare exceptions
            raise ModelMissing(f"{tokenizer} cannot be used: {error}", hint="get the model's files again") from error
        self._tokenizer.enable_truncation(CONTEXT)
        self._tokenizer.no_padding()
        calls = max(1, cores // _CORES)
        on_gpu = backend.device.kind != "cpu"
        self._few_shapes = on_gpu
        self._session = open_session(model, backend, min(cores, _CORES), calls)
        limit = GPU_BATCH if on_gpu else CPU_BATCH
        self._batch: Batcher[Ids, Embedding] = Batcher(self._run, limit, "clip_text", calls)

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """The vectors of texts, in their order."""
        return self._batch.map([self._read(text) for text in texts])

    def close(self) -> None:
        """There is nothing to end."""

    def _read(self, text: str) -> Ids:
        # JSON may hold half of a surrogate pair, which is no text for the tokenizer.
        return self._tokenizer.encode(text.encode(errors="replace").decode()).ids

    def _run(self, texts: list[Ids]) -> list[Embedding]:
        ids, mask = _pad(texts, self._few_shapes)
        vectors = self._session.run({"input_ids": ids, "attention_mask": mask})[0][: len(texts)]
        if not np.isfinite(vectors).all():
            raise InferenceFailed("the sentence model gave a vector that is not finite", hint="set PRECISION=f32")
        return [Embedding(vector.astype("<f4").tobytes()) for vector in vectors]


def _pad(texts: list[Ids], few_shapes: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids and their mask, [n, words]; both sizes a power of two for a GPU, which compiles every shape anew."""
    count, words = len(texts), max(map(len, texts))
    if few_shapes:
        count, words = 1 << (count - 1).bit_length(), 1 << (words - 1).bit_length()
        # Rows without a word would divide by nothing.
        texts = texts + texts[-1:] * (count - len(texts))
    ids = np.zeros((count, words), np.int64)
    mask = np.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    return ids, mask
