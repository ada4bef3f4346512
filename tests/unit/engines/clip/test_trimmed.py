"""Text towers at the length of their texts: the same vectors, or the tower as it was."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.clip import rewritten
from engines.clip.tokenize import TextReader, read_chinese, read_exported
from engines.clip.towers import TextTower
from engines.clip.trimmed import IdType, length, trimmed_text
from engines.devices import parse_device
from engines.runtime import Backend, open_session

TEXTS = ("cat", "two cats on a red sofa, one of them asleep", "word " * 100)


def tower(path: Path, backend: Backend, reader: TextReader, id_type: IdType, any_length: bool) -> TextTower:
    return TextTower(path, backend, 1, reader, id_type, normalize=True, any_length=any_length)


def openclip_reader(folder: Path) -> TextReader:
    return read_exported(folder / "textual" / "tokenizer.json", folder / "textual" / "tokenizer_config.json", {})


@pytest.mark.parametrize("model", ["openclip", "chinese"])
def test_texts_have_the_same_vectors_at_their_own_length(
    request: pytest.FixtureRequest, tmp_path: Path, backend: Backend, model: str
) -> None:
    folder: Path = request.getfixturevalue(model)
    if model == "openclip":
        path, reader, ids = folder / "textual" / "model.onnx", openclip_reader(folder), np.int32
    else:
        path, reader, ids = folder / "vit-b-16.txt.fp32.onnx", read_chinese(folder / "vocab.txt"), np.int64
    short = trimmed_text(path, reader, ids, backend, tmp_path)
    assert short is not None
    assert next(iter(open_session(short, backend, 1).inputs.values()))[1] is None
    whole, cut = tower(path, backend, reader, ids, False), tower(short, backend, reader, ids, True)
    for one, other in zip(cut.embed(TEXTS, None), whole.embed(TEXTS, None), strict=True):
        assert one.values == pytest.approx(other.values, abs=1e-5)


def test_a_short_text_is_a_short_input(openclip: Path) -> None:
    reader = openclip_reader(openclip)
    texts = [reader("cat"), reader("two cats on a red sofa, one of them asleep"), reader("word " * 100)]
    assert length(texts[:1]) == 8
    assert 8 < length(texts[:2]) < 77
    assert length(texts) == 77


def looks_at_padding(path: Path) -> None:
    """A network that sums the ids and a table of places over all positions, whatever stands there."""
    table = numpy_helper.from_array(np.ones((52, 1), np.float32), "table")
    nodes = [
        helper.make_node("Cast", ["text"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["ids"], ["column"], axes=[2]),
        helper.make_node("Add", ["column", "table"], ["placed"]),
        helper.make_node("ReduceSum", ["placed"], ["embedding"], axes=[1], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "sum",
        [helper.make_tensor_value_info("text", TensorProto.INT64, [1, 52])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 1])],
        [table],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8), path)


def test_a_network_that_looks_at_its_padding_stays_as_it_is_and_is_not_tried_again(
    tmp_path: Path, backend: Backend, chinese: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = read_chinese(chinese / "vocab.txt")
    looks_at_padding(tmp_path / "sum.onnx")
    assert trimmed_text(tmp_path / "sum.onnx", reader, np.int64, backend, tmp_path) is None
    assert [path for path in (tmp_path / ".compiled").rglob("*") if path.name in ("model.onnx", "weights")] == []
    monkeypatch.setattr(rewritten, "_try", lambda *_: pytest.fail("it was tried again"))
    assert trimmed_text(tmp_path / "sum.onnx", reader, np.int64, backend, tmp_path) is None


def test_what_is_no_model_at_all_is_left_to_the_loader(tmp_path: Path, backend: Backend, chinese: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"version https://git-lfs")
    reader = read_chinese(chinese / "vocab.txt")
    assert trimmed_text(tmp_path / "broken.onnx", reader, np.int64, backend, tmp_path) is None


def test_a_gpu_keeps_the_one_shape(tmp_path: Path, chinese: Path) -> None:
    gpu = Backend(parse_device("cuda:0"), "onnxruntime", "f32")
    reader = read_chinese(chinese / "vocab.txt")
    assert trimmed_text(chinese / "vit-b-16.txt.fp32.onnx", reader, np.int64, gpu, tmp_path) is None
    assert not (tmp_path / ".compiled").exists()
