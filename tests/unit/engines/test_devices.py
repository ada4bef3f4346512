"""A device that was asked for is used or refused with a hint, never replaced."""

import os
from pathlib import Path

import pytest

from engines import devices
from engines.devices import Device, check_device, detect_devices, parse_device
from engines.errors import DeviceMissing
from engines.runtime import choose_backend, core_count
from engines.settings import EngineSettings


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("cpu", Device("cpu")),
        ("CPU", Device("cpu")),
        ("cpu:0-3", Device("cpu", cores=(0, 1, 2, 3))),
        ("cpu:1", Device("cpu", cores=(1,))),
        ("intel:1", Device("intel", index=1)),
        ("cuda:0", Device("cuda")),
        ("cuda", Device("cuda")),
    ],
)
def test_names_are_taken_apart(name: str, device: Device) -> None:
    assert parse_device(name) == device


@pytest.mark.parametrize("name", ["", "gpu", "cpu:3-1", "cuda:x", "cpu:", "intel:-1", "cpu:0-99999"])
def test_a_wrong_name_is_refused_with_the_right_ones(name: str) -> None:
    with pytest.raises(DeviceMissing) as raised:
        check_device(name)
    assert "cuda:0" in (raised.value.hint or "")


def test_the_cpu_is_always_there_and_a_core_too_many_is_not() -> None:
    check_device("cpu")
    check_device("cpu:0")
    with pytest.raises(DeviceMissing, match="no core"):
        check_device(f"cpu:0-{os.cpu_count()}")


@pytest.mark.skipif(Path("/dev/nvidia63").exists(), reason="this machine has 64 GPUs")
def test_a_missing_nvidia_gpu_says_what_to_do() -> None:
    with pytest.raises(DeviceMissing) as raised:
        check_device("cuda:63")
    assert raised.value.hint


def test_a_missing_intel_gpu_says_what_to_do() -> None:
    with pytest.raises(DeviceMissing) as raised:
        check_device("intel:63")
    assert raised.value.hint


def test_auto_is_the_cpu_where_no_gpu_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise DeviceMissing(name)

    monkeypatch.setattr(devices, "check_device", missing)
    assert detect_devices() == ["cpu"]
    monkeypatch.setattr(devices, "check_device", lambda name: None)
    assert detect_devices() == ["cuda:0", "intel:0"]


@pytest.mark.parametrize(
    ("device", "runtime"), [("cpu", "onnxruntime"), ("intel:0", "openvino"), ("cuda:0", "onnxruntime")]
)
def test_auto_takes_the_runtime_of_the_device(device: str, runtime: str) -> None:
    pytest.importorskip("openvino")
    backend = choose_backend(device, EngineSettings())
    assert (backend.runtime, backend.precision) == (runtime, "f32")


@pytest.mark.parametrize(
    ("device", "change"),
    [
        ("cuda:0", {"runtime": "openvino"}),
        ("intel:0", {"runtime": "onnxruntime"}),
        ("cpu", {"runtime": "onnxruntime", "precision": "bf16"}),
    ],
)
def test_a_runtime_that_cannot_do_it_is_refused(device: str, change: dict[str, str]) -> None:
    with pytest.raises(DeviceMissing) as raised:
        choose_backend(device, EngineSettings(**change))  # type: ignore[arg-type]
    assert raised.value.hint


def test_threads_follow_the_cores_that_the_process_may_run_on() -> None:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        assert core_count(EngineSettings()) == 1
    finally:
        os.sched_setaffinity(0, cores)
    assert core_count(EngineSettings()) == len(cores)
    assert core_count(EngineSettings(engine_threads=5)) == 5
