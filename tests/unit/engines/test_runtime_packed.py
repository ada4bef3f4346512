"""A large model is mapped from a file made for this processor: the same numbers, or its own file where that fails."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines import runtime_packed, tuned
from engines.devices import Device
from engines.runtime import Backend, open_session
from engines.runtime_packed import packed

SIDE = 256


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_packed, "LEAST_BYTES", 0)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Two linear layers, [n, SIDE] -> [n, SIDE]."""
    chance = np.random.default_rng(1)
    weights = [numpy_helper.from_array(chance.random((SIDE, SIDE), np.float32), name) for name in ("a", "b")]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "a"], ["inner"]), helper.make_node("MatMul", ["inner", "b"], ["y"])],
        "layers",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", SIDE])],
        weights,
    )
    path = tmp_path / "model" / "layers.onnx"
    path.parent.mkdir()
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return Backend(Device("cpu"), "onnxruntime", "f32", tmp_path / "cache")


def answer(model: Path, backend: Backend) -> Any:
    rows = np.random.default_rng(2).random((3, SIDE), np.float32)
    return open_session(model, backend, 1).run({"x": rows})[0]


def plain(model: Path) -> Any:
    return answer(model, Backend(Device("cpu"), "onnxruntime", "f32"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is mapped is read from /proc")
def test_its_weights_are_mapped_and_its_numbers_stay(model: Path, backend: Backend) -> None:
    session = open_session(model, backend, 1)
    weights = packed(model, backend).with_name("weights")
    assert str(weights) in Path("/proc/self/maps").read_text()
    assert next(iter(session.inputs.values())) == (None, SIDE)
    assert np.array_equal(answer(model, backend), plain(model))


def test_it_is_made_once_for_each_machine(model: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    here = packed(model, backend)
    assert packed(model, backend) == here
    written = here.stat().st_mtime_ns
    monkeypatch.setattr(tuned, "machine", lambda: "another processor")
    elsewhere = packed(model, backend)
    assert elsewhere != here
    assert elsewhere.is_file()
    assert here.stat().st_mtime_ns == written


def test_a_small_model_and_one_without_a_cache_are_loaded_as_they_are(
    model: Path, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert packed(model, Backend(Device("cpu"), "onnxruntime", "f32", tmp_path / "file")) == model
    monkeypatch.setattr(runtime_packed, "LEAST_BYTES", 2**30)
    assert packed(model, backend) == model


def test_a_copy_that_cannot_be_read_is_forgotten(model: Path, backend: Backend) -> None:
    made = packed(model, backend)
    made.with_name("weights").write_bytes(b"")
    assert np.array_equal(answer(model, backend), plain(model))
    assert not made.exists()


def test_a_copy_that_cannot_be_written_whole_is_none(
    model: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runtime_packed.os, "fsync", full)
    assert packed(model, backend) == model
    assert list((backend.cache or Path()).rglob("weights")) == []
    assert np.array_equal(answer(model, backend), plain(model))


def test_another_file_of_the_same_name_is_another_model(model: Path, backend: Backend, tmp_path: Path) -> None:
    before = packed(model, backend)
    shutil.copyfile(model, tmp_path / "copy")
    (tmp_path / "copy").replace(model)
    assert packed(model, backend) != before
