"""Image towers whose end is computed for the class token alone: the same vectors, or the tower as it was."""

import errno
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.clip.early_gather import gather_early
from engines.clip.trimmed import trimmed_image
from engines.devices import parse_device
from engines.runtime import Backend, open_session

TOKENS, WIDTH = 7, 8


def vectors(path: Path, backend: Backend, pictures: int) -> np.ndarray:
    session = open_session(path, backend, 1)
    given = np.random.default_rng(3).normal(size=(pictures, 3, 224, 224)).astype(np.float32)
    made: np.ndarray = session.run({next(iter(session.inputs)): given})[0]
    return made


@pytest.mark.parametrize(("model", "file", "pictures"), [("openclip", "visual/model.onnx", 1), ("chinese", "img", 2)])
def test_a_tower_has_the_same_vectors_when_its_end_is_computed_for_one_token(
    request: pytest.FixtureRequest, tmp_path: Path, backend: Backend, model: str, file: str, pictures: int
) -> None:
    folder: Path = request.getfixturevalue(model)
    path = folder / ("vit-b-16.img.fp32.onnx" if file == "img" else file)
    short = trimmed_image(path, 224, backend, tmp_path)
    assert short is not None
    assert vectors(short, backend, pictures) == pytest.approx(vectors(path, backend, pictures), abs=1e-5)
    # The token is taken of what enters the last block, and of what its attention adds.
    kinds = [node.op_type for node in onnx.load(short, load_external_data=False).graph.node]
    before = [node.op_type for node in onnx.load(path).graph.node]
    assert kinds.count("Gather") == before.count("Gather") + 2


def tokens_first(index: int, extra: list[onnx.NodeProto], outputs: tuple[str, ...] = ("vector",)) -> onnx.ModelProto:
    """A norm and a layer that older exports write out, tokens before pictures, read at one place."""
    rng = np.random.default_rng(5)
    fixed = {
        "weight": rng.normal(size=(WIDTH, WIDTH)).astype(np.float32),
        "scale": rng.normal(size=WIDTH).astype(np.float32),
        "two": np.array(2, np.float32),
        "tiny": np.array(1e-5, np.float32),
        "places": rng.normal(size=(TOKENS, 1, WIDTH)).astype(np.float32),
        "index": np.array(index, np.int64),
        "other": np.array(1, np.int64),
    }
    nodes = [
        helper.make_node("Transpose", ["pictures"], ["first"], perm=[1, 0, 2]),
        helper.make_node("Add", ["first", "places"], ["placed"]),
        helper.make_node("ReduceMean", ["placed"], ["mean"], axes=[-1]),
        helper.make_node("Sub", ["placed", "mean"], ["off"]),
        helper.make_node("Pow", ["off", "two"], ["square"]),
        helper.make_node("ReduceMean", ["square"], ["variance"], axes=[-1]),
        helper.make_node("Add", ["variance", "tiny"], ["sum"]),
        helper.make_node("Sqrt", ["sum"], ["spread"]),
        helper.make_node("Div", ["off", "spread"], ["even"]),
        helper.make_node("Mul", ["even", "scale"], ["normed"]),
        helper.make_node("MatMul", ["normed", "weight"], ["made"]),
        helper.make_node("Add", ["made", "placed"], ["block"]),
        helper.make_node("Transpose", ["block"], ["back"], perm=[1, 0, 2]),
        *extra,
        helper.make_node("Gather", ["back", "index"], ["vector"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tokens first",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["batch", TOKENS, WIDTH])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in fixed.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def run(model: onnx.ModelProto, path: Path, backend: Backend) -> list[np.ndarray]:
    onnx.save(model, path)
    given = np.random.default_rng(4).normal(size=(3, TOKENS, WIDTH)).astype(np.float32)
    return open_session(path, backend, 1).run({"pictures": given})


@pytest.mark.parametrize("index", [0, 4, -1])
def test_any_place_is_read_ahead_of_what_treats_all_alike(tmp_path: Path, backend: Backend, index: int) -> None:
    model = tokens_first(index, [])
    whole = run(model, tmp_path / "whole.onnx", backend)[0]
    assert gather_early(model)
    assert run(model, tmp_path / "cut.onnx", backend)[0] == pytest.approx(whole, abs=1e-6)
    # The places differ from token to token, so what adds them stays as it is, and is cut once for both readers.
    taken = [(node.input[0], node.attribute[0].i) for node in model.graph.node if node.op_type == "Gather"]
    assert taken == [("placed", 0), ("back", 1)]


def test_what_others_read_too_is_made_whole(tmp_path: Path, backend: Backend) -> None:
    second = helper.make_node("Gather", ["back", "other"], ["second"], axis=1)
    model = tokens_first(0, [second], ("vector", "second"))
    assert not gather_early(model)
    whole = tokens_first(0, [], ("vector", "normed"))
    before = run(whole, tmp_path / "whole.onnx", backend)
    assert gather_early(whole)
    assert next(node.input[0] for node in whole.graph.node if node.op_type == "Gather") == "normed"
    for one, other in zip(run(whole, tmp_path / "cut.onnx", backend), before, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_a_tower_that_reads_no_single_token_stays_as_it_is(tmp_path: Path, backend: Backend) -> None:
    nodes = [helper.make_node("GlobalAveragePool", ["image"], ["mean"]), helper.make_node("Flatten", ["mean"], ["v"])]
    graph = helper.make_graph(
        nodes,
        "mean",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 224, 224])],
        [helper.make_tensor_value_info("v", TensorProto.FLOAT, [1, 3])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), tmp_path / "m.onnx")
    assert trimmed_image(tmp_path / "m.onnx", 224, backend, tmp_path) is None
    assert "one token alone" in next((tmp_path / ".compiled").rglob("verdict")).read_text("utf-8")


def test_a_gpu_keeps_the_original(tmp_path: Path, openclip: Path) -> None:
    gpu = Backend(parse_device("cuda:0"), "onnxruntime", "f32")
    assert trimmed_image(openclip / "visual" / "model.onnx", 224, gpu, tmp_path) is None


def test_a_full_disk_is_no_verdict_on_a_tower(
    tmp_path: Path, backend: Backend, openclip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = openclip / "visual" / "model.onnx"
    with monkeypatch.context() as broken:
        broken.setattr(onnx, "save", full)
        assert trimmed_image(path, 224, backend, tmp_path) is None
    assert list((tmp_path / ".compiled").rglob("verdict")) == []
    assert trimmed_image(path, 224, backend, tmp_path) is not None
