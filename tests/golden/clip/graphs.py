"""ONNX graphs of CLIP's towers with seeded weights, written operator by operator after the papers' architecture.

Every weight is drawn from its name in the published checkpoints, so that an independent implementation given the same
names has the same weights, and only the vectors it makes need keeping.
"""

from pathlib import Path
from zlib import crc32

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64
Shape = tuple[int | None, ...]


def draw(model: str, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The float32 weight of a name in a model's checkpoint, always the same."""
    noise = np.random.RandomState(crc32(f"{model}/{name}".encode())).standard_normal(shape)
    if "ln_" in name or "LayerNorm" in name:
        values = 0.2 * noise + (1.0 if name.endswith("weight") else 0.0)
    elif len(shape) < 2:
        values = 0.2 * noise
    elif "embedding" in name:
        values = noise
    else:
        # A linear layer's weight is [out, in, ...], a projection's [in, out].
        inputs = shape[0] if name.endswith(("proj", "projection")) else int(np.prod(shape[1:]))
        values = 1.5 * noise / np.sqrt(inputs)
    return np.asarray(values, np.float32)


class Graph:
    """A graph under construction; every method gives the name of what it computes."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._nodes: list[onnx.NodeProto] = []
        self._weights: dict[str, onnx.TensorProto] = {}

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        output = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def split(self, x: str, parts: int) -> list[str]:
        outputs = [f"split_{len(self._nodes)}_{part}" for part in range(parts)]
        self._nodes.append(helper.make_node("Split", [x], outputs, axis=-1))
        return outputs

    def constant(self, values: object, kind: type = np.float32) -> str:
        name = f"constant_{len(self._weights)}"
        self._weights[name] = numpy_helper.from_array(np.asarray(values, kind), name)
        return name

    def weight(self, name: str, *shape: int) -> str:
        self._weights[name] = numpy_helper.from_array(draw(self._model, name, shape), name)
        return name

    def value(self, name: str, *shape: int) -> np.ndarray:
        return draw(self._model, name, shape)

    def linear(self, x: str, weight: str, bias: str, inputs: int, outputs: int) -> str:
        turned = self.op("Transpose", self.weight(weight, outputs, inputs), perm=[1, 0])
        return self.op("Add", self.op("MatMul", x, turned), self.weight(bias, outputs))

    def norm(self, x: str, name: str, width: int, epsilon: float) -> str:
        scale, shift = self.weight(f"{name}.weight", width), self.weight(f"{name}.bias", width)
        return self.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=epsilon)

    def gelu(self, x: str, quick: bool) -> str:
        if quick:
            return self.op("Mul", x, self.op("Sigmoid", self.op("Mul", x, self.constant(1.702))))
        half = self.op("Mul", x, self.constant(0.5))
        error = self.op("Erf", self.op("Mul", x, self.constant(2**-0.5)))
        return self.op("Mul", half, self.op("Add", error, self.constant(1.0)))

    def attend(self, query: str, key: str, value: str, width: int, heads: int, mask: str | None) -> str:
        """Scaled dot product attention over [n, length, width]."""
        parts = self.constant([0, 0, heads, width // heads], np.int64)
        queries, keys, values = (
            self.op("Transpose", self.op("Reshape", x, parts), perm=[0, 2, 1, 3]) for x in (query, key, value)
        )
        scores = self.op("MatMul", queries, self.op("Transpose", keys, perm=[0, 1, 3, 2]))
        scores = self.op("Mul", scores, self.constant((width // heads) ** -0.5))
        if mask is not None:
            scores = self.op("Add", scores, mask)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), values)
        joined = self.op("Transpose", mixed, perm=[0, 2, 1, 3])
        return self.op("Reshape", joined, self.constant([0, 0, width], np.int64))

    def unit(self, x: str) -> str:
        """Scaled to length 1."""
        return self.op("Div", x, self.op("ReduceL2", x, axes=[-1], keepdims=1))

    def save(self, path: Path, inputs: dict[str, tuple[int, Shape]], output: str, name: str, shape: Shape) -> None:
        self._nodes.append(helper.make_node("Identity", [output], [name]))
        graph = helper.make_graph(
            self._nodes,
            "tower",
            [helper.make_tensor_value_info(key, kind, sides) for key, (kind, sides) in inputs.items()],
            [helper.make_tensor_value_info(name, FLOAT, shape)],
            list(self._weights.values()),
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)
