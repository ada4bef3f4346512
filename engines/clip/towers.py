"""The networks of a CLIP model: an image tower and a text tower, each loaded for itself."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engines.batching import CPU_BATCH, GPU_BATCH, Batcher
from engines.clip.preprocess import Preprocessing, prepare
from engines.clip.tokenize import TextReader, Tokens
from engines.clip.trimmed import IdType, feeds, length
from engines.elastic import ElasticSession
from engines.errors import InferenceFailed
from engines.images import Image
from engines.runtime import Backend, Feed
from engines.types import Embedding

Vector = NDArray[np.float32]
T = TypeVar("T")

# Cores that one batch uses well; more of them run several batches side by side.
BATCH_CORES = 4
# What a further call costs of a text tower whose weights come from memory each time, in positions of a text.
CALL_POSITIONS = 20


class ImageTower:
    """Pictures -> vectors; called by several threads at once, their pictures share batches."""

    def __init__(self, path: Path, backend: Backend, cores: int, how: Preprocessing, normalize: bool) -> None:
        """Load the network; `normalize` scales the vectors to length 1.

        Raises:
            ModelMissing: the file cannot be loaded.
            DeviceMissing: the device cannot be used.
        """
        self._how = how
        self._network = _Network(path, backend, cores, normalize)
        self._input = next(iter(self._network.inputs))
        self._batch: Batcher[Vector, Embedding] = Batcher(self._run, self._network.limit, "clip", self._network.calls)

    def embed(self, images: Sequence[Image]) -> list[Embedding]:
        """The vectors of pictures, in their order."""
        return self._batch.map([prepare(image, self._how) for image in images])

    def close(self) -> None:
        """There is nothing to end."""

    def _run(self, inputs: list[Vector]) -> list[Embedding]:
        rows = self._network.fill_up(inputs)
        return self._network.embed({self._input: np.stack(rows)}, len(inputs))


class TextTower:
    """Texts -> vectors; called by several threads at once, their texts share batches where the export allows it."""

    def __init__(
        self,
        path: Path,
        backend: Backend,
        cores: int,
        reader: TextReader,
        id_type: IdType,
        normalize: bool,
        any_length: bool = False,
    ) -> None:
        """Load the network.

        Args:
            path: its file.
            backend: where and how.
            cores: to compute on.
            reader: of its texts.
            id_type: what its export takes ids as.
            normalize: scale the vectors to length 1.
            any_length: the file is a `trimmed` one, and is given no more than the texts fill.

        Raises:
            ModelMissing: the file cannot be loaded.
            DeviceMissing: the device cannot be used.
        """
        self._reader = reader
        self._id_type = id_type
        self._any_length = any_length
        self._network = _Network(path, backend, cores, normalize)
        limit, calls = self._network.limit, self._network.calls
        self._batch: Batcher[Tokens, Embedding] = Batcher(self._run, limit, "clip_text", calls)

    def embed(self, texts: Sequence[str], language: str | None) -> list[Embedding]:
        """The vectors of texts, in their order."""
        return self._batch.map([self._reader(text, language) for text in texts])

    def close(self) -> None:
        """There is nothing to end."""

    def _run(self, texts: list[Tokens]) -> list[Embedding]:
        if not self._any_length:
            return self._run_at(texts, len(texts[0].ids))
        found: dict[int, Embedding] = {}
        for positions, places in _alike([length([text]) for text in texts]):
            found |= zip(places, self._run_at([texts[place] for place in places], positions), strict=True)
        return [found[place] for place in range(len(texts))]

    def _run_at(self, texts: list[Tokens], positions: int) -> list[Embedding]:
        rows = self._network.fill_up(texts)
        return self._network.embed(feeds(self._network.inputs, rows, self._id_type, positions), len(texts))


def _alike(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Texts that are best computed together, as (longest, places): no short one pays for a long one."""
    call: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if call and len(call) * (lengths[place] - lengths[call[-1]]) > CALL_POSITIONS:
            yield lengths[call[-1]], call
            call = []
        call.append(place)
    yield lengths[call[-1]], call


class _Network:
    """One tower's session.

    Attributes:
        inputs: their names.
        limit: most items of a batch; what the export itself fixes goes first, and many exports fix it to 1.
        calls: batches that run at once.
    """

    def __init__(self, path: Path, backend: Backend, cores: int, normalize: bool) -> None:
        """Load it.

        Args:
            path: its file.
            backend: where and how.
            cores: to compute on.
            normalize: scale the vectors to length 1.
        """
        self._session = ElasticSession(path, backend, cores, BATCH_CORES)
        self.calls = self._session.calls
        self._normalize = normalize
        self.inputs = tuple(self._session.inputs)
        fixed = self._session.inputs[self.inputs[0]][0]
        self._few_shapes = backend.device.kind != "cpu" and fixed is None
        self.limit = fixed or (CPU_BATCH if backend.device.kind == "cpu" else GPU_BATCH)

    def fill_up(self, items: list[T]) -> list[T]:
        """Repeat the last item up to a power of two on a GPU, which compiles every size of a batch anew."""
        rows = 1 << (len(items) - 1).bit_length() if self._few_shapes else len(items)
        return items + items[-1:] * (rows - len(items))

    def embed(self, feeds: Mapping[str, Feed], count: int) -> list[Embedding]:
        """The vectors of the first `count` rows."""
        vectors = self._session.run(feeds)[0][:count].astype(np.float32)
        if not np.isfinite(vectors).all():
            raise InferenceFailed("the model gave a vector that is not finite", hint="set PRECISION=f32")
        if self._normalize:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return [Embedding(vector.astype("<f4").tobytes()) for vector in vectors]
