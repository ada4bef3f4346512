"""The sentence model all-MiniLM-L6-v2 as an ONNX graph.

Architecture: BERT (Devlin et al., arXiv:1810.04805) with 6 layers of 384 dimensions and 12 heads, whose words' last
states are averaged and scaled to length 1 (Reimers & Gurevych, "Sentence-BERT", arXiv:1908.10084).
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.concepts.graph import FLOAT, INT64, Graph

Weights = Mapping[str, NDArray[Any]]

WORDS: Final = 30_522
DIMENSIONS: Final = 384

_POSITIONS: Final = 512
_LAYERS: Final = 6
_HEADS: Final = 12
_INNER: Final = 1536
_EPSILON: Final = 1e-12
_UNUSED: Final = frozenset({"pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids"})


def build(weights: Weights, dimensions: int, metadata: Mapping[str, str]) -> bytes:
    """The ONNX file: `input_ids` and `attention_mask` int64 [n, words] -> `embedding` float32 [n, dimensions].

    Args:
        weights: of the model, by their names in `transformers`.
        dimensions: 384 or more; what is over is zeros.
        metadata: goes into the file.

    Raises:
        ValueError: the weights are not those of this architecture.
    """
    network = _Bert(weights)
    states = network.states("input_ids", "attention_mask")
    network.check_all_used()
    graph = network.graph
    embedding = _pool(graph, states, "attention_mask", dimensions)
    return graph.finish(
        inputs={"input_ids": (INT64, ("n", "words")), "attention_mask": (INT64, ("n", "words"))},
        outputs={embedding: (FLOAT, ("n", dimensions))},
        metadata=metadata,
    )


class _Bert:
    """Adds the network layer by layer, each with the weights of its name."""

    def __init__(self, weights: Weights) -> None:
        self.graph = Graph()
        self._weights = weights
        self._used = set(_UNUSED)

    def states(self, ids: str, mask: str) -> str:
        """The last layer's states, [n, words, 384]."""
        states = self._norm(self._embed(ids), "embeddings.LayerNorm")
        barred = self._barred(mask)
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}."
            seen = self._attend(states, barred, f"{name}attention.")
            states = self._norm(self.graph.node("Add", seen, states), f"{name}attention.output.LayerNorm")
            inner = self._gelu(self._linear(states, f"{name}intermediate.dense", DIMENSIONS, _INNER))
            out = self._linear(inner, f"{name}output.dense", _INNER, DIMENSIONS)
            states = self._norm(self.graph.node("Add", out, states), f"{name}output.LayerNorm")
        return states

    def check_all_used(self) -> None:
        """Every weight must have found its place.

        Raises:
            ValueError: there are others, so it is another network's.
        """
        if left := self._weights.keys() - self._used:
            raise ValueError(f"weights that MiniLM does not have: {sorted(left)[:3]}")

    def _embed(self, ids: str) -> str:
        graph = self.graph
        words = graph.constant(self._weight("embeddings.word_embeddings.weight", (WORDS, DIMENSIONS)))
        positions = self._weight("embeddings.position_embeddings.weight", (_POSITIONS, DIMENSIONS))
        # A text alone is all of the first kind, so that kind's vector goes to every position.
        kinds = self._weight("embeddings.token_type_embeddings.weight", (2, DIMENSIONS))
        length = graph.node("Slice", graph.node("Shape", ids), *(graph.constant([at], np.int64) for at in (1, 2)))
        start, axis = graph.constant([0], np.int64), graph.constant([0], np.int64)
        placed = graph.node("Slice", graph.constant(positions + kinds[0]), start, length, axis)
        return graph.node("Add", graph.node("Gather", words, ids), placed)

    def _barred(self, mask: str) -> str:
        """What is added to the scores: 0 for words, and so little for padding that it gets no share."""
        graph = self.graph
        wide = graph.node("Unsqueeze", graph.node("Cast", mask, to=FLOAT), graph.constant([1, 2], np.int64))
        return graph.node("Mul", graph.node("Sub", graph.constant(1.0), wide), graph.constant(-10_000.0))

    def _attend(self, states: str, barred: str, name: str) -> str:
        graph, size = self.graph, DIMENSIONS // _HEADS
        split = graph.constant([0, 0, _HEADS, size], np.int64)

        def heads(part: str, order: list[int]) -> str:
            whole = self._linear(states, f"{name}self.{part}", DIMENSIONS, DIMENSIONS)
            return graph.node("Transpose", graph.node("Reshape", whole, split), perm=order)

        scores = graph.node("MatMul", heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]))
        scores = graph.node("Add", graph.node("Mul", scores, graph.constant(size**-0.5)), barred)
        seen = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), heads("value", [0, 2, 1, 3]))
        joined = graph.node(
            "Reshape", graph.node("Transpose", seen, perm=[0, 2, 1, 3]), graph.constant([0, 0, DIMENSIONS], np.int64)
        )
        return self._linear(joined, f"{name}output.dense", DIMENSIONS, DIMENSIONS)

    def _gelu(self, tensor: str) -> str:
        graph = self.graph
        bent = graph.node("Erf", graph.node("Div", tensor, graph.constant(2**0.5)))
        doubled = graph.node("Mul", tensor, graph.node("Add", bent, graph.constant(1.0)))
        return graph.node("Mul", doubled, graph.constant(0.5))

    def _linear(self, tensor: str, name: str, inputs: int, outputs: int) -> str:
        weight = self.graph.constant(self._weight(f"{name}.weight", (outputs, inputs)).T)
        bias = self.graph.constant(self._weight(f"{name}.bias", (outputs,)))
        return self.graph.node("Add", self.graph.node("MatMul", tensor, weight), bias)

    def _norm(self, tensor: str, name: str) -> str:
        weight = self.graph.constant(self._weight(f"{name}.weight", (DIMENSIONS,)))
        bias = self.graph.constant(self._weight(f"{name}.bias", (DIMENSIONS,)))
        return self.graph.node("LayerNormalization", tensor, weight, bias, epsilon=_EPSILON)

    def _weight(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        found = self._weights.get(name)
        if found is None or found.shape != shape:
            raise ValueError(f"{name} is {'missing' if found is None else found.shape}, MiniLM has {shape}")
        self._used.add(name)
        return found.astype(np.float32)


def _pool(graph: Graph, states: str, mask: str, dimensions: int) -> str:
    """The mean over the words, scaled to length 1, which also takes the count of words out; then zeros."""
    wide = graph.node("Unsqueeze", graph.node("Cast", mask, to=FLOAT), graph.constant([1], np.int64))
    total = graph.node("Squeeze", graph.node("MatMul", wide, states), graph.constant([1], np.int64))
    scaled = graph.node("Div", total, graph.node("ReduceL2", total, axes=[1], keepdims=1))
    padding = graph.constant([0, 0, 0, dimensions - DIMENSIONS], np.int64)
    return graph.node("Pad", scaled, padding, name="embedding")
