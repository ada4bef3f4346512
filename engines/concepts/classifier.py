"""EfficientNet-Lite2 and what is made of its labels, as an ONNX graph.

Architecture: Tan & Le, "EfficientNet" (arXiv:1905.11946), in the Lite variant that TensorFlow's `efficientnet_lite`
publishes: width 1.1, depth 1.2, 260 pixels, ReLU6, no squeeze and excitation, stem, head and the first and last stage
not scaled. Paddings are TensorFlow's `SAME`. Batch norms are folded into their convolutions.

An image's vector: Norouzi et al., "Zero-shot learning by convex combination of semantic embeddings" (ConSE,
arXiv:1312.5650): the mean of the vectors of its likeliest labels' names, weighted by their probabilities.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.concepts.graph import FLOAT, Graph
from engines.concepts.labels import TEMPERATURE, TOP

Weights = Mapping[str, NDArray[Any]]

SIDE: Final = 260
LABELS: Final = 1000

_WIDTH: Final = 1.1
_DEPTH: Final = 1.2
_DIVISOR: Final = 8
_STEM: Final = 32
_HEAD: Final = 1280
_EPSILON: Final = 1e-3
# Repeats, kernel, stride, expansion, channels: of EfficientNet-B0, before scaling.
_STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def build(weights: Weights, labels: NDArray[np.float32], metadata: Mapping[str, str]) -> bytes:
    """The ONNX file: `image` float32 [n, 3, 260, 260] -> `embedding` [n, d] of length 1, and `logits` [n, 1000].

    Args:
        weights: of the checkpoint, by its names.
        labels: float32 [1000, d], the vector of each label's name.
        metadata: goes into the file.

    Raises:
        ValueError: the weights are not those of this architecture.
    """
    network = _Classifier(weights)
    logits = network.logits("image")
    network.check_all_used()
    graph = network.graph
    embedding = _convex_combination(graph, logits, labels)
    return graph.finish(
        inputs={"image": (FLOAT, ("n", 3, SIDE, SIDE))},
        outputs={embedding: (FLOAT, ("n", labels.shape[1])), logits: (FLOAT, ("n", LABELS))},
        metadata=metadata,
    )


class _Classifier:
    """Adds the network layer by layer, each with the weights of its name; keeps the picture's side."""

    def __init__(self, weights: Weights) -> None:
        self.graph = Graph()
        self._weights = weights
        self._used: set[str] = set()
        self._side = SIDE

    def logits(self, image: str) -> str:
        """The whole network."""
        tensor = self._relu6(self._conv(image, "_conv_stem", "_bn0", (_STEM, 3, 3, 3), stride=2))
        block, channels = 0, _STEM
        for stage, (repeats, kernel, stride, expansion, base) in enumerate(_STAGES):
            scaled = 0 < stage < len(_STAGES) - 1
            for repeat in range(math.ceil(repeats * _DEPTH) if scaled else repeats):
                sizes = (kernel, 1 if repeat else stride, expansion)
                tensor = self._block(tensor, f"_blocks.{block}.", channels, scale(base), sizes)
                block, channels = block + 1, scale(base)
        tensor = self._relu6(self._conv(tensor, "_conv_head", "_bn1", (_HEAD, channels, 1, 1)))
        tensor = self.graph.node("Flatten", self.graph.node("GlobalAveragePool", tensor))
        weight = self.graph.constant(self._weight("_fc.weight", (LABELS, _HEAD)))
        bias = self.graph.constant(self._weight("_fc.bias", (LABELS,)))
        return self.graph.node("Gemm", tensor, weight, bias, transB=1, name="logits")

    def check_all_used(self) -> None:
        """Every weight of the checkpoint must have found its place.

        Raises:
            ValueError: there are others, so it is another network's.
        """
        counters = {name for name in self._weights if name.endswith(".num_batches_tracked")}
        if left := self._weights.keys() - self._used - counters:
            raise ValueError(f"weights that EfficientNet-Lite2 does not have: {sorted(left)[:3]}")

    def _block(self, tensor: str, name: str, channels: int, out: int, sizes: tuple[int, int, int]) -> str:
        """An inverted residual: expand, filter each channel, project; around it a short cut where the sizes allow."""
        kernel, stride, expansion = sizes
        inner, start = channels * expansion, tensor
        if expansion > 1:
            tensor = self._relu6(self._conv(tensor, f"{name}_expand_conv", f"{name}_bn0", (inner, channels, 1, 1)))
        depthwise = (inner, 1, kernel, kernel)
        tensor = self._relu6(
            self._conv(tensor, f"{name}_depthwise_conv", f"{name}_bn1", depthwise, stride=stride, group=inner)
        )
        tensor = self._conv(tensor, f"{name}_project_conv", f"{name}_bn2", (out, inner, 1, 1))
        return self.graph.node("Add", tensor, start) if stride == 1 and channels == out else tensor

    def _conv(
        self, tensor: str, conv: str, norm: str, shape: tuple[int, int, int, int], stride: int = 1, group: int = 1
    ) -> str:
        kernel, channels = shape[2], shape[:1]
        gamma, beta = self._weight(f"{norm}.weight", channels), self._weight(f"{norm}.bias", channels)
        mean, variance = self._weight(f"{norm}.running_mean", channels), self._weight(f"{norm}.running_var", channels)
        factor = gamma / np.sqrt(variance + _EPSILON)
        weight = self._weight(f"{conv}.weight", shape) * factor[:, None, None, None]
        before, after = self._padding(kernel, stride)
        return self.graph.node(
            "Conv",
            tensor,
            self.graph.constant(weight),
            self.graph.constant(beta - mean * factor),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=group,
        )

    def _padding(self, kernel: int, stride: int) -> tuple[int, int]:
        """TensorFlow's `SAME`: ceil(side / stride) pixels come out, and what is odd of the padding goes to the end."""
        out = math.ceil(self._side / stride)
        total = max(0, (out - 1) * stride + kernel - self._side)
        self._side = out
        return total // 2, total - total // 2

    def _relu6(self, tensor: str) -> str:
        return self.graph.node("Clip", tensor, self.graph.constant(0.0), self.graph.constant(6.0))

    def _weight(self, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
        found = self._weights.get(name)
        if found is None or found.shape != shape:
            raise ValueError(f"{name} is {'missing' if found is None else found.shape}, EfficientNet-Lite2 has {shape}")
        self._used.add(name)
        return found.astype(np.float64)


def scale(channels: int) -> int:
    """Channels at this width: a multiple of 8, and not over a tenth below what was asked."""
    wanted = channels * _WIDTH
    rounded = max(_DIVISOR, int(wanted + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
    return rounded if rounded >= 0.9 * wanted else rounded + _DIVISOR


def _convex_combination(graph: Graph, logits: str, labels: NDArray[np.float32]) -> str:
    count = graph.constant([TOP], np.int64)
    best, which = graph.nodes("TopK", logits, count, outputs=2, axis=1)
    shares = graph.node("Softmax", graph.node("Div", best, graph.constant(TEMPERATURE)), axis=1)
    names = graph.node("Gather", graph.constant(labels), which)
    one = graph.constant([1], np.int64)
    mean = graph.node("Squeeze", graph.node("MatMul", graph.node("Unsqueeze", shares, one), names), one)
    length = graph.node("ReduceL2", mean, axes=[1], keepdims=1)
    return graph.node("Div", mean, length, name="embedding")
