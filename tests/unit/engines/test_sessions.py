"""A loaded model computes what it says, by every runtime, or is refused; what was compiled is kept."""

import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from engines import runtime
from engines.devices import Device
from engines.errors import DeviceMissing, InferenceFailed, ModelMissing
from engines.runtime import Backend, abilities, open_session
from engines.runtime_onnx import CPU

RUNTIMES = ("onnxruntime", "openvino")


@pytest.fixture(scope="session")
def doubler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that doubles a float32 picture [n, 2] and looks words up, ids int64 [m] and int32 [m]."""
    table = helper.make_tensor("table", TensorProto.FLOAT, [3, 2], [0, 1, 10, 11, 20, 21])
    two = helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0])
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["picture", "two"], ["doubled"]),
            helper.make_node("Gather", ["table", "words"], ["looked_up"]),
            helper.make_node("Gather", ["table", "short_words"], ["looked_up_short"]),
        ],
        "doubler",
        [
            helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 2]),
            helper.make_tensor_value_info("words", TensorProto.INT64, ["m"]),
            helper.make_tensor_value_info("short_words", TensorProto.INT32, ["m"]),
        ],
        [
            helper.make_tensor_value_info("doubled", TensorProto.FLOAT, ["n", 2]),
            helper.make_tensor_value_info("looked_up", TensorProto.FLOAT, ["m", 2]),
            helper.make_tensor_value_info("looked_up_short", TensorProto.FLOAT, ["m", 2]),
        ],
        [table, two],
    )
    path = tmp_path_factory.mktemp("model") / "doubler.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def feeds(rows: int = 2) -> dict[str, Any]:
    return {
        "picture": np.full((rows, 2), 3, np.float32),
        "words": np.array([2, 0], np.int64),
        "short_words": np.array([1], np.int32)[[0, 0]],
    }


def backend(name: str, cache: Path | None = None) -> Backend:
    if name == "openvino":
        pytest.importorskip("openvino")
    return Backend(Device("cpu"), name, "f32", cache)  # type: ignore[arg-type]


def test_a_provider_that_is_left_out_is_an_error_and_never_the_cpu(
    monkeypatch: pytest.MonkeyPatch, doubler: Path
) -> None:
    real = onnxruntime.InferenceSession

    def without_cuda(*args: Any, providers: list[Any], **options: Any) -> Any:
        assert options["enable_fallback"] == 0
        return real(*args, providers=[CPU], **options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", without_cuda)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: sys.stdout.write("Failed to load libcudnn.so.9\n"))
    with pytest.raises(DeviceMissing, match=r"cuda:0: .*libcudnn\.so\.9") as raised:
        open_session(doubler, Backend(Device("cuda"), "onnxruntime", "f32"), 1)
    assert "onnxruntime-gpu[cuda,cudnn]" in (raised.value.hint or "")


def test_a_provider_that_breaks_while_it_starts_is_the_devices_fault_not_the_models(
    monkeypatch: pytest.MonkeyPatch, doubler: Path
) -> None:
    def broken(*args: Any, **options: Any) -> Any:
        raise RuntimeError("CUDA failure 100: no CUDA-capable device is detected\nfile=...")

    monkeypatch.setattr(onnxruntime, "InferenceSession", broken)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    with pytest.raises(DeviceMissing, match=r"no CUDA-capable device is detected$"):
        open_session(doubler, Backend(Device("cuda"), "onnxruntime", "f32"), 1)


@pytest.mark.skipif(Path("/dev/dri").exists(), reason="this machine has a GPU")
def test_an_intel_gpu_that_openvino_does_not_see_is_the_devices_fault(doubler: Path) -> None:
    pytest.importorskip("openvino")
    with pytest.raises(DeviceMissing, match="intel:7"):
        open_session(doubler, Backend(Device("intel", 7), "openvino", "f32"), 1)


@pytest.mark.parametrize("name", RUNTIMES)
def test_pictures_and_words_are_computed_by_each_runtime(name: str, doubler: Path) -> None:
    session = open_session(doubler, backend(name), 1)
    assert dict(session.inputs) == {"picture": (None, 2), "words": (None,), "short_words": (None,)}
    doubled, looked_up, short = session.run(feeds())
    assert doubled.tolist() == [[6, 6], [6, 6]]
    assert looked_up.tolist() == [[20, 21], [0, 1]]
    assert short.tolist() == [[10, 11], [10, 11]]


@pytest.mark.parametrize("name", RUNTIMES)
def test_many_threads_share_one_session(name: str, doubler: Path) -> None:
    session = open_session(doubler, backend(name), 1, calls=2)
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda rows: session.run(feeds(rows))[0].shape, range(1, 60))
        assert list(answers) == [(rows, 2) for rows in range(1, 60)]


@pytest.mark.parametrize("name", RUNTIMES)
def test_the_first_calls_of_a_process_may_come_at_once(name: str, doubler: Path) -> None:
    script = """
        import sys, threading
        from pathlib import Path
        from engines.settings import EngineSettings
        from engines.runtime import choose_backend, open_session
        from tests.unit.engines.test_sessions import feeds

        backend = choose_backend("cpu", EngineSettings(runtime=sys.argv[1]))
        session = open_session(Path(sys.argv[2]), backend, 1, calls=4)
        sys.setswitchinterval(1e-7)
        ready = threading.Barrier(4)

        def call():
            ready.wait()
            print(session.run(feeds())[0].shape)

        for thread in [threading.Thread(target=call) for _ in range(4)]:
            thread.start()
    """
    command = [sys.executable, "-c", textwrap.dedent(script), name, str(doubler)]
    for _ in range(3):
        assert subprocess.run(command, capture_output=True, timeout=60, check=True).stdout.count(b"(2, 2)") == 4


@pytest.mark.parametrize("name", RUNTIMES)
def test_an_input_that_does_not_fit_fails_and_the_next_call_works(name: str, doubler: Path) -> None:
    session = open_session(doubler, backend(name), 1)
    with pytest.raises(InferenceFailed):
        session.run({**feeds(), "picture": np.zeros((1, 5), np.float32)})
    assert session.run(feeds())[0].shape == (2, 2)


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_file_that_is_no_model_is_said_to_be_so(name: str, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelMissing, match=r"model\.onnx cannot be loaded"):
        open_session(tmp_path / "model.onnx", backend(name), 1)


def test_what_openvino_compiled_is_read_the_second_time(doubler: Path, tmp_path: Path) -> None:
    chosen = backend("openvino", tmp_path / "compiled")
    open_session(doubler, chosen, 1)
    [blob] = (tmp_path / "compiled").rglob("*.blob")
    made = blob.stat().st_mtime_ns
    assert open_session(doubler, chosen, 1).run(feeds())[0].tolist() == [[6, 6], [6, 6]]
    assert [path.stat().st_mtime_ns for path in (tmp_path / "compiled").rglob("*.blob")] == [made]


def test_a_compiled_model_that_is_broken_is_compiled_again(doubler: Path, tmp_path: Path) -> None:
    chosen = backend("openvino", tmp_path)
    open_session(doubler, chosen, 1)
    [blob] = tmp_path.rglob("*.blob")
    blob.chmod(0o600)
    blob.write_bytes(b"half of it")
    assert open_session(doubler, chosen, 1).run(feeds())[0].tolist() == [[6, 6], [6, 6]]
    assert blob.stat().st_size > 100


def test_a_replaced_model_is_compiled_anew(doubler: Path, tmp_path: Path) -> None:
    chosen = Backend(Device("cpu"), "openvino", "f32", tmp_path / "compiled")
    path = tmp_path / "model.onnx"
    path.write_bytes(doubler.read_bytes())
    before = runtime.compiled_folder(path, chosen)
    path.write_bytes(doubler.read_bytes() + b"\0")
    assert before != runtime.compiled_folder(path, chosen)


def test_a_cache_that_cannot_be_written_is_done_without(doubler: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    session = open_session(doubler, backend("openvino", tmp_path / "file"), 1)
    assert session.run(feeds())[0].tolist() == [[6, 6], [6, 6]]


def test_workers_that_start_together_compile_one_after_another(doubler: Path, tmp_path: Path) -> None:
    chosen = backend("openvino", tmp_path)
    together = threading.Barrier(3)

    def load() -> object:
        together.wait(20)
        return open_session(doubler, chosen, 1).run(feeds())[0].tolist()

    with ThreadPoolExecutor(3) as pool:
        assert [each.result(60) for each in [pool.submit(load) for _ in range(3)]] == [[[6, 6], [6, 6]]] * 3
    assert len(list(tmp_path.rglob("*.blob"))) == 1


def test_a_precision_that_the_processor_has_not_is_refused_and_not_replaced(doubler: Path) -> None:
    pytest.importorskip("openvino")
    lacking = {"f32", "bf16", "f16"} - set(abilities("cpu")["openvino"])
    if not lacking:
        pytest.skip("this processor has every precision")
    for precision in lacking:
        with pytest.raises(DeviceMissing, match=f"PRECISION={precision}") as raised:
            open_session(doubler, Backend(Device("cpu"), "openvino", precision), 1)  # type: ignore[arg-type]
        assert raised.value.hint == "set PRECISION=f32"
