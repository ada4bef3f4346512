"""Which devices get workers, and where each capability of a worker computes."""

import os
from pathlib import Path

import pytest

from engines import nvidia, placement
from engines.errors import DeviceMissing
from engines.placement import device_for, environment, find_devices, locate
from engines.settings import EngineSettings


@pytest.fixture(autouse=True)
def gpus(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Play GPUs: two of NVIDIA's, unless a test changes the list."""
    there = ["cuda:0", "cuda:1"]

    def check(name: str, root: Path) -> None:
        if not name.startswith("cpu") and name not in there:
            raise DeviceMissing(f"{name}: not there", hint="buy one")

    monkeypatch.setattr(placement, "check_device", check)
    monkeypatch.setattr(placement, "detect_gpus", lambda root: list(there))
    monkeypatch.delenv(nvidia.SHOWN, raising=False)
    return there


def settings(**changes: object) -> EngineSettings:
    return EngineSettings(**changes)  # type: ignore[arg-type]


def test_auto_is_every_gpu_or_else_the_cpu(gpus: list[str]) -> None:
    assert find_devices("auto", settings()) == ["cuda:0", "cuda:1"]
    gpus.clear()
    assert find_devices(" AUTO ", settings()) == ["cpu"]
    assert find_devices("", settings(device_id=1)) == ["cpu"]


def test_auto_is_one_gpu_where_immichs_variable_numbers_it(gpus: list[str]) -> None:
    assert find_devices("auto", settings(device_id=1)) == ["cuda:1"]
    with pytest.raises(DeviceMissing, match="cuda:2"):
        find_devices("auto", settings(device_id=2))


def test_listed_devices_are_named_in_full_and_each_once() -> None:
    assert find_devices("CUDA, cpu:0-1,cuda:0, cpu:2-3", settings()) == ["cuda:0", "cpu:0-1", "cpu:2-3"]


def test_a_listed_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(DeviceMissing, match="intel:0"):
        find_devices("cpu,intel", settings())


def test_a_device_for_one_capability_that_is_not_there_is_an_error_at_the_start() -> None:
    with pytest.raises(DeviceMissing, match="FACE_DEVICE=intel: intel:0: not there") as raised:
        find_devices("cpu", settings(face_device="intel"))
    assert raised.value.hint == "buy one"


@pytest.mark.parametrize(
    ("asked", "number", "name"),
    [("GPU", None, "cuda:0"), ("gpu", 1, "cuda:1"), ("cuda", 1, "cuda:1"), ("cuda:0", 1, "cuda:0"), ("CPU", 1, "cpu")],
)
def test_bare_names_are_numbered(asked: str, number: int | None, name: str) -> None:
    assert locate(asked, settings(device_id=number)) == name


def test_asking_for_any_gpu_where_there_is_none_is_an_error(gpus: list[str]) -> None:
    gpus.clear()
    with pytest.raises(DeviceMissing) as raised:
        locate("GPU", settings())
    assert "darkroom doctor" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("worker", "asked", "device"),
    [
        ("cpu:0-3", "", "cpu:0-3"),
        ("cpu:0-3", "CPU", "cpu:0-3"),
        ("cpu:0-3", "GPU", "cuda:0"),
        ("cuda:1", "", "cuda:1"),
        ("cuda:1", "GPU", "cuda:1"),
        ("cuda:1", "cuda", "cuda:1"),
        ("cuda:1", "cuda:0", "cuda:0"),
        ("cuda:1", "CPU", "cpu"),
    ],
)
def test_a_capability_computes_where_it_is_told_to(worker: str, asked: str, device: str) -> None:
    assert device_for("ocr", worker, settings(ocr_device=asked)) == device
    assert device_for("face", worker, settings(ocr_device=asked)) == worker


def test_both_halves_of_clip_go_together() -> None:
    chosen = settings(clip_device="GPU")
    assert [device_for(name, "cpu", chosen) for name in ("clip", "clip_text")] == ["cuda:0", "cuda:0"]


def test_cores_for_one_capability_are_refused() -> None:
    with pytest.raises(DeviceMissing, match="OCR_DEVICE=cpu:0-1") as raised:
        device_for("ocr", "cuda:0", settings(ocr_device="cpu:0-1"))
    assert "DEVICES" in (raised.value.hint or "")


def test_a_worker_is_shown_the_gpus_that_it_uses_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(nvidia.VISIBLE, raising=False)
    for number in range(3):
        (tmp_path / "dev").mkdir(exist_ok=True)
        (tmp_path / "dev" / f"nvidia{number}").touch()
    assert environment("cuda:1", settings(), tmp_path)[nvidia.VISIBLE] == "1"
    assert environment("cuda:1", settings(clip_device="cuda:0"), tmp_path)[nvidia.VISIBLE] == "0,1"
    assert environment("cpu", settings(clip_device="GPU"), tmp_path)[nvidia.VISIBLE] == "0"
    assert environment("cpu", settings(), tmp_path) == {}


def test_a_process_that_was_shown_its_gpus_is_not_shown_them_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(nvidia.SHOWN, "1")
    assert environment("cuda:1", settings()) == {}


def test_the_variables_of_users_compose_files_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"OCR_DEVICE": "GPU", "MACHINE_LEARNING_DEVICE_ID": "1"}.items():
        monkeypatch.setitem(os.environ, name, value)
    assert device_for("ocr", "cpu", EngineSettings()) == "cuda:1"
    monkeypatch.setitem(os.environ, "MACHINE_LEARNING_DEVICE_ID", "")
    assert device_for("ocr", "cpu", EngineSettings()) == "cuda:0"
