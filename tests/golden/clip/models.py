"""Small models of the exact architecture and file layout of OpenCLIP's ViT-B/32 and Chinese-CLIP's ViT-B/16."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from tests.golden.clip.graphs import FLOAT, INT32, INT64, Graph

HERE = Path(__file__).parent
SIDE = 224


@dataclass(frozen=True)
class Vision:
    """A vision transformer's sizes."""

    model: str
    patch: int
    width: int
    heads: int
    layers: int
    dimensions: int
    quick: bool


@dataclass(frozen=True)
class Text:
    """A text transformer's sizes."""

    model: str
    context: int
    words: int
    width: int
    heads: int
    layers: int
    dimensions: int


OPENCLIP_VISION = Vision("openclip", 32, 128, 2, 3, 64, quick=False)
OPENCLIP_TEXT = Text("openclip", 77, len(Tokenizer.from_file(str(HERE / "tokenizer.json")).get_vocab()), 128, 2, 3, 64)
CHINESE_VISION = Vision("chinese", 16, 128, 2, 2, 512, quick=True)
CHINESE_TEXT = Text("chinese", 52, (HERE / "vocab.txt").read_text(encoding="utf-8").count("\n"), 64, 4, 2, 512)


def write_openclip(folder: Path, batch: int | None = 1) -> None:
    """A model folder as Immich exports it; its towers take `batch` items, any number where None."""
    config = {
        "embed_dim": OPENCLIP_VISION.dimensions,
        "vision_cfg": {"image_size": SIDE, "layers": OPENCLIP_VISION.layers, "width": 128, "patch_size": 32},
        "text_cfg": {"context_length": 77, "vocab_size": OPENCLIP_TEXT.words, "width": 128, "heads": 2, "layers": 3},
    }
    preprocess = {
        "size": [SIDE, SIDE],
        "mode": "RGB",
        "mean": [0.48145466, 0.4578275, 0.40821073],
        "std": [0.26862954, 0.26130258, 0.27577711],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
        "fill_color": 0,
    }
    write_vision(folder / "visual" / "model.onnx", OPENCLIP_VISION, batch, "embedding", unit=True)
    write_openclip_text(folder / "textual" / "model.onnx", OPENCLIP_TEXT, batch)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "visual" / "preprocess_cfg.json").write_text(json.dumps(preprocess))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(HERE / name, folder / "textual" / name)


def write_chinese(folder: Path) -> None:
    """MT Photos' pair: the image tower takes any number, the text tower one at a time."""
    write_vision(folder / "vit-b-16.img.fp32.onnx", CHINESE_VISION, None, "unnorm_image_features", unit=False)
    write_bert(folder / "vit-b-16.txt.fp32.onnx", CHINESE_TEXT)
    shutil.copy(HERE / "vocab.txt", folder / "vocab.txt")


def write_vision(path: Path, size: Vision, batch: int | None, output: str, unit: bool) -> None:
    """A vision transformer with a class token (Dosovitskiy 2021, as CLIP has it)."""
    graph, width, cells = Graph(size.model), size.width, (SIDE // size.patch) ** 2
    kernel = graph.weight("visual.conv1.weight", width, 3, size.patch, size.patch)
    x = graph.op("Conv", "image", kernel, strides=[size.patch] * 2)
    x = graph.op("Transpose", graph.op("Reshape", x, graph.constant([0, width, cells], np.int64)), perm=[0, 2, 1])
    # The class token: a zero in front, to which its embedding is added together with the positions.
    places = graph.value("visual.positional_embedding", cells + 1, width)
    places[0] += graph.value("visual.class_embedding", width)
    x = graph.op("Add", graph.op("Pad", x, graph.constant([0, 1, 0, 0, 0, 0], np.int64)), graph.constant(places))
    x = graph.norm(x, "visual.ln_pre", width, 1e-5)
    for layer in range(size.layers):
        name = f"visual.transformer.resblocks.{layer}"
        x = _block(graph, x, name, width, size.heads, None, size.quick)
    x = graph.op("Gather", x, graph.constant(0, np.int64), axis=1)
    x = graph.norm(x, "visual.ln_post", width, 1e-5)
    x = graph.op("MatMul", x, graph.weight("visual.proj", width, size.dimensions))
    x = graph.unit(x) if unit else x
    graph.save(path, {"image": (FLOAT, (batch, 3, SIDE, SIDE))}, x, output, (batch, size.dimensions))


def write_openclip_text(path: Path, size: Text, batch: int | None) -> None:
    """CLIP's causal text transformer, read at the end-of-text token (Radford 2021)."""
    graph, width = Graph(size.model), size.width
    x = graph.op("Gather", graph.weight("token_embedding.weight", size.words, width), "text")
    x = graph.op("Add", x, graph.weight("positional_embedding", size.context, width))
    causal = graph.constant(np.triu(np.full((size.context, size.context), -1e9), 1))
    for layer in range(size.layers):
        x = _block(graph, x, f"transformer.resblocks.{layer}", width, size.heads, causal, quick=False)
    x = graph.norm(x, "ln_final", width, 1e-5)
    x = graph.op("GatherND", x, graph.op("ArgMax", "text", axis=-1, keepdims=1), batch_dims=1)
    x = graph.unit(graph.op("MatMul", x, graph.weight("text_projection", width, size.dimensions)))
    graph.save(path, {"text": (INT32, (batch, size.context))}, x, "embedding", (batch, size.dimensions))


def write_bert(path: Path, size: Text) -> None:
    """BERT (Devlin 2019), read at its first token and projected, as Chinese-CLIP has it."""
    graph, width, name = Graph(size.model), size.width, "bert.embeddings"
    x = graph.op("Gather", graph.weight(f"{name}.word_embeddings.weight", size.words, width), "text")
    places = graph.value(f"{name}.position_embeddings.weight", 512, width)[: size.context]
    x = graph.op("Add", x, graph.constant(places + graph.value(f"{name}.token_type_embeddings.weight", 2, width)[0]))
    x = graph.norm(x, f"{name}.LayerNorm", width, 1e-12)
    padding = graph.op("Cast", graph.op("Equal", "text", graph.constant(0, np.int64)), to=FLOAT)
    mask = graph.op("Mul", padding, graph.constant(-1e4))
    mask = graph.op("Unsqueeze", mask, graph.constant([1, 2], np.int64))
    for layer in range(size.layers):
        x = _bert_layer(graph, x, f"bert.encoder.layer.{layer}", width, size.heads, mask)
    x = graph.op("Gather", x, graph.constant(0, np.int64), axis=1)
    x = graph.op("MatMul", x, graph.weight("text_projection", width, size.dimensions))
    graph.save(path, {"text": (INT64, (1, size.context))}, x, "unnorm_text_features", (1, size.dimensions))


def _block(graph: Graph, x: str, name: str, width: int, heads: int, mask: str | None, quick: bool) -> str:
    inner = graph.norm(x, f"{name}.ln_1", width, 1e-5)
    inner = graph.linear(inner, f"{name}.attn.in_proj_weight", f"{name}.attn.in_proj_bias", width, 3 * width)
    mixed = graph.attend(*graph.split(inner, 3), width, heads, mask)
    out = f"{name}.attn.out_proj"
    x = graph.op("Add", x, graph.linear(mixed, f"{out}.weight", f"{out}.bias", width, width))
    inner = graph.norm(x, f"{name}.ln_2", width, 1e-5)
    inner = graph.linear(inner, f"{name}.mlp.c_fc.weight", f"{name}.mlp.c_fc.bias", width, 4 * width)
    out = f"{name}.mlp.c_proj"
    inner = graph.linear(graph.gelu(inner, quick), f"{out}.weight", f"{out}.bias", 4 * width, width)
    return graph.op("Add", x, inner)


def _bert_layer(graph: Graph, x: str, name: str, width: int, heads: int, mask: str) -> str:
    def linear(value: str, part: str, inputs: int, outputs: int) -> str:
        return graph.linear(value, f"{name}.{part}.weight", f"{name}.{part}.bias", inputs, outputs)

    query, key, value = (linear(x, f"attention.self.{part}", width, width) for part in ("query", "key", "value"))
    mixed = linear(graph.attend(query, key, value, width, heads, mask), "attention.output.dense", width, width)
    x = graph.norm(graph.op("Add", x, mixed), f"{name}.attention.output.LayerNorm", width, 1e-12)
    inner = graph.gelu(linear(x, "intermediate.dense", width, 4 * width), quick=False)
    inner = linear(inner, "output.dense", 4 * width, width)
    return graph.norm(graph.op("Add", x, inner), f"{name}.output.LayerNorm", width, 1e-12)
