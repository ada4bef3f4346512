"""Calls that come together share a batch, and each gets its own vector."""

import math
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from engines import elastic
from engines.batching import CPU_BATCH
from engines.clip.engine import ClipImageEngine, ClipTextEngine
from engines.clip.preprocess import Preprocessing
from engines.clip.tokenize import TextReader, read_chinese
from engines.clip.towers import ImageTower, TextTower, _alike
from engines.devices import parse_device
from engines.errors import InferenceFailed
from engines.images import Image
from engines.runtime import Backend, RuntimeName
from engines.types import Embedding, ModelInfo
from tests.conftest import until
from tests.unit.engines.conftest import as_image

INFO = ModelInfo("clip", "fake", "0", "fake", "cpu", "onnxruntime", "f32", False)
HOW = Preprocessing(8, "squash", mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class FakeSession:
    """Gives the mean of each channel; the first run waits until it is let go."""

    def __init__(self, batch: int | None = None) -> None:
        self.inputs: Mapping[str, tuple[int | None, ...]] = {"image": (batch, 3, 8, 8)}
        self.outputs = ("embedding",)
        self.sizes: list[int] = []
        self.entered = threading.Event()
        self.let_go = threading.Event()

    def run(self, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        self.sizes.append(len(feeds["image"]))
        if len(self.sizes) == 1:
            self.entered.set()
            assert self.let_go.wait(20)
        return [feeds["image"].mean(axis=(2, 3))]


def plain(level: int) -> Image:
    """A picture whose vector says which it is."""
    return as_image(np.full((8, 8, 3), level, np.uint8))


def level(embedding: Embedding) -> int:
    return round(embedding.values[0] * 255)


def engine_on(session: FakeSession, monkeypatch: pytest.MonkeyPatch, backend: Backend) -> ClipImageEngine:
    monkeypatch.setattr(elastic, "open_session", lambda *_: session)
    return ClipImageEngine(INFO, lambda: ImageTower(Path("x"), backend, 1, HOW, False), HOW.side)


def embed_while_busy(engine: ClipImageEngine, session: FakeSession, count: int) -> list[int]:
    """The levels that come back of pictures 1, 2, ... when all wait behind picture 0."""
    with ThreadPoolExecutor(count + 1) as pool:
        first = pool.submit(engine.embed, plain(0))
        assert session.entered.wait(20)
        tower = engine._networks
        assert tower is not None
        waiting = tower._batch._waiting
        others = [pool.submit(engine.embed, plain(number)) for number in range(1, count + 1)]
        until(lambda: len(waiting) == count, what="the queue of pictures")
        session.let_go.set()
        assert level(first.result(20)) == 0
        return [level(other.result(20)) for other in others]


def test_calls_that_come_together_share_batches(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    session = FakeSession()
    engine = engine_on(session, monkeypatch, backend)
    assert embed_while_busy(engine, session, 11) == list(range(1, 12))
    assert session.sizes == [1, CPU_BATCH, 11 - CPU_BATCH]


def test_an_export_with_a_fixed_batch_gets_no_other(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    session = FakeSession(batch=1)
    engine = engine_on(session, monkeypatch, backend)
    assert embed_while_busy(engine, session, 3) == [1, 2, 3]
    assert session.sizes == [1, 1, 1, 1]


def opened_by(monkeypatch: pytest.MonkeyPatch, load: Callable[[], object]) -> list[int]:
    """Threads of the sessions that are opened while a tower is loaded."""
    threads: list[int] = []

    def open_session(path: Path, backend: Backend, count: int, calls: int) -> FakeSession:
        threads.append(count)
        return FakeSession()

    monkeypatch.setattr(elastic, "open_session", open_session)
    load()
    return threads


@pytest.mark.parametrize(("runtime", "threads"), [("onnxruntime", [2, 1]), ("openvino", [2])])
def test_pictures_have_a_core_each_where_sessions_share_their_weights(
    monkeypatch: pytest.MonkeyPatch, runtime: RuntimeName, threads: list[int]
) -> None:
    where = Backend(parse_device("cpu"), runtime, "f32")
    assert opened_by(monkeypatch, lambda: ImageTower(Path("x"), where, 2, HOW, False)) == threads


def test_texts_have_a_core_each_too(monkeypatch: pytest.MonkeyPatch, backend: Backend, reader: TextReader) -> None:
    load = partial(TextTower, Path("x"), backend, 2, reader, np.int32, normalize=False)
    assert opened_by(monkeypatch, load) == [2, 1]


def test_a_gpu_sees_only_batches_of_powers_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    session = FakeSession()
    session.let_go.set()
    engine = engine_on(session, monkeypatch, Backend(parse_device("cuda:0"), "onnxruntime", "f32"))
    assert [level(one) for one in engine.embed_many([plain(number) for number in (9, 8, 7, 6, 5)])] == [9, 8, 7, 6, 5]
    assert session.sizes == [8]


def test_no_pictures_are_no_vectors(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    assert engine_on(FakeSession(), monkeypatch, backend).embed_many([]) == []


def test_an_engine_says_how_large_a_picture_must_be(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    assert engine_on(FakeSession(), monkeypatch, backend).at_least == 24


def test_a_vector_that_is_not_finite_is_an_error(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    session = FakeSession()
    monkeypatch.setattr(session, "run", lambda feeds: [np.full((1, 4), np.nan, np.float32)])
    with pytest.raises(InferenceFailed, match="not finite"):
        engine_on(session, monkeypatch, backend).embed(plain(1))


@pytest.fixture
def reader(tmp_path: Path) -> TextReader:
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n")
    return read_chinese(tmp_path / "vocab.txt")


def test_a_model_with_ids_and_mask_gets_both(tmp_path: Path, backend: Backend, reader: TextReader) -> None:
    shape = ["n", 52]
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["ids"], ["sum"], keepdims=1, axes=[1]),
        helper.make_node("ReduceSum", ["mask"], ["count"], keepdims=1, axes=[1]),
        helper.make_node("Concat", ["sum", "count"], ["embedding"], axis=1),
    ]
    inputs = [helper.make_tensor_value_info(x, TensorProto.INT32, shape) for x in ("input_ids", "attention_mask")]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 2])
    graph = helper.make_graph(nodes, "mclip", inputs, [output])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=8), tmp_path / "m.onnx")
    tower = TextTower(tmp_path / "m.onnx", backend, 1, reader, np.int32, normalize=False)
    engine = ClipTextEngine(INFO, lambda: tower)
    assert engine.embed("a b").values == (2 + 4 + 5 + 3, 4)
    normalized = TextTower(tmp_path / "m.onnx", backend, 1, reader, np.int32, normalize=True)
    assert math.hypot(*normalized.embed(["a b"], None)[0].values) == pytest.approx(1.0)


def test_texts_share_a_call_unless_a_short_one_would_pay_for_a_long_one() -> None:
    assert list(_alike([16, 24, 16])) == [(24, [0, 2, 1])]
    assert list(_alike([16, 77, 16, 8])) == [(16, [3, 0, 2]), (77, [1])]
    assert list(_alike([40])) == [(40, [0])]
