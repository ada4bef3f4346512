"""The runtime that a device gets, and what it is told."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engines import nvidia, runtime_onnx
from engines.devices import Device
from engines.errors import DeviceMissing
from engines.runtime import Backend, abilities, backend_for, choose_backend, core_count
from engines.runtime_onnx import CPU, CUDA, TENSORRT
from engines.settings import EngineSettings

Has = Callable[..., None]


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> Has:
    """Play an onnxruntime that was built with these providers."""
    monkeypatch.delenv(nvidia.SHOWN, raising=False)
    return lambda *names: monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [*names, CPU])


@pytest.mark.parametrize(
    ("device", "chosen"), [("cpu", "onnxruntime"), ("intel:0", "openvino"), ("cuda:0", "onnxruntime")]
)
def test_auto_takes_the_runtime_of_the_device_in_f32(device: str, chosen: str) -> None:
    pytest.importorskip("openvino")
    found = choose_backend(device, EngineSettings())
    assert (found.runtime, found.precision) == (chosen, "f32")


@pytest.mark.parametrize(
    ("device", "change"),
    [
        ("cuda:0", {"runtime": "openvino"}),
        ("cuda:0", {"runtime": "tensorrt"}),
        ("cuda:0", {"precision": "f16"}),
        ("cpu", {"runtime": "tensorrt"}),
        ("intel:0", {"runtime": "tensorrt"}),
        ("intel:0", {"runtime": "onnxruntime"}),
        ("cpu", {"runtime": "onnxruntime", "precision": "bf16"}),
    ],
)
def test_a_runtime_that_cannot_do_it_is_refused_with_a_hint(has: Has, device: str, change: dict[str, str]) -> None:
    has(CUDA)
    with pytest.raises(DeviceMissing) as raised:
        choose_backend(device, EngineSettings(**change))  # type: ignore[arg-type]
    assert raised.value.hint


@pytest.mark.parametrize(
    ("device", "provider", "change", "expected"),
    [
        ("cuda:0", TENSORRT, {"runtime": "tensorrt", "precision": "f16"}, ("tensorrt", "f16")),
        ("intel:0", "OpenVINOExecutionProvider", {"runtime": "onnxruntime"}, ("onnxruntime", "f32")),
        ("intel:0", "", {"openvino_precision": "FP16"}, ("openvino", "f16")),
        ("intel:0", "", {"openvino_precision": "FP16", "precision": "f32"}, ("openvino", "f32")),
        ("cpu", "", {"openvino_precision": "FP16", "runtime": "openvino"}, ("openvino", "f32")),
    ],
)
def test_what_is_asked_for_and_there_is_taken(
    has: Has, device: str, provider: str, change: dict[str, str], expected: tuple[str, str]
) -> None:
    pytest.importorskip("openvino")
    has(provider)
    found = choose_backend(device, EngineSettings(**change))  # type: ignore[arg-type]
    assert (found.runtime, found.precision) == expected


def test_a_capability_sent_to_another_kind_of_device_gets_what_is_native_there(has: Has) -> None:
    has(CUDA, TENSORRT)
    chosen = EngineSettings(runtime="tensorrt", precision="f16", ocr_device="CPU")
    there = backend_for("clip", "cuda:0", chosen)
    assert (there.device.name, there.runtime, there.precision) == ("cuda:0", "tensorrt", "f16")
    away = backend_for("ocr", "cuda:0", chosen)
    assert (away.device.name, away.runtime, away.precision) == ("cpu", "onnxruntime", "f32")


def test_a_device_of_a_capability_that_is_not_there_is_refused() -> None:
    with pytest.raises(DeviceMissing, match="OCR_DEVICE=cuda:63"):
        backend_for("ocr", "cpu", EngineSettings(ocr_device="cuda:63"))


def test_a_shown_gpu_is_addressed_by_its_number_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(nvidia.SHOWN, "3")
    options = dict(runtime_onnx.providers(Backend(Device("cuda", 3), "onnxruntime", "f32"), None))
    assert list(options) == [CUDA, CPU]
    assert options[CUDA]["device_id"] == "0"


def test_tensorrt_keeps_its_engines_and_leaves_the_rest_to_cuda(has: Has, tmp_path: Path) -> None:
    has(CUDA, TENSORRT)
    options = dict(runtime_onnx.providers(Backend(Device("cuda", 1), "tensorrt", "f16"), tmp_path))
    assert list(options) == [TENSORRT, CUDA, CPU]
    assert options[TENSORRT]["trt_engine_cache_path"] == str(tmp_path)
    assert (options[TENSORRT]["trt_fp16_enable"], options[TENSORRT]["device_id"]) == ("True", "1")
    assert (
        "trt_engine_cache_path"
        not in dict(runtime_onnx.providers(Backend(Device("cuda", 1), "tensorrt", "f32"), None))[TENSORRT]
    )


def test_onnxruntime_on_an_intel_gpu_is_told_device_precision_and_cache(tmp_path: Path) -> None:
    [(name, options), *_] = runtime_onnx.providers(Backend(Device("intel", 1), "onnxruntime", "f16"), tmp_path)
    assert name == "OpenVINOExecutionProvider"
    assert options == {"device_type": "GPU.1", "precision": "FP16", "cache_dir": str(tmp_path)}


def test_compiled_models_lie_in_the_model_cache(settings: EngineSettings) -> None:
    pytest.importorskip("openvino")
    chosen = choose_backend("cpu", settings.model_copy(update={"runtime": "openvino"}))
    assert chosen.cache == settings.model_cache / ".compiled" / "openvino"
    assert choose_backend("cpu", settings).cache == settings.model_cache / ".compiled" / "onnxruntime"


def test_abilities_name_the_installed_runtimes(has: Has, monkeypatch: pytest.MonkeyPatch) -> None:
    has(CUDA, TENSORRT)
    assert abilities("cuda:0") == {"onnxruntime": ("f32",), "tensorrt": ("f32", "bf16", "f16")}
    has(CUDA)
    assert list(abilities("cuda:0")) == ["onnxruntime"]
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "openvino" else object())
    assert abilities("cpu") == {"onnxruntime": ("f32",)}


def test_threads_follow_the_cores_that_the_process_may_run_on() -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert core_count(EngineSettings()) == 1
    finally:
        os.sched_setaffinity(0, cores)
    assert core_count(EngineSettings()) == len(cores)
    assert core_count(EngineSettings(engine_threads=5)) == 5
