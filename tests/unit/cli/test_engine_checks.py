"""What the doctor says about devices and models."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import engine_checks
from cli.checks import Finding
from cli.main import app
from engines import nvidia, registry, runtime
from engines.errors import DeviceMissing, ModelMissing
from engines.loading import Recipe


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DEVICES", "OCR_DEVICE", "RUNTIME", nvidia.VISIBLE, nvidia.SHOWN):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODEL_CACHE", str(tmp_path / "models"))


def by_name(findings: object) -> dict[str, Finding]:
    return {finding.about: finding for finding in findings}  # type: ignore[attr-defined]


def absent(asked: str | None, settings: object, backend: object) -> Recipe:
    raise ModelMissing("ViT-X is not on this machine", hint="darkroom models pull ViT-X")


def test_a_device_that_is_not_there_fails_with_its_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEVICES", "tpu:0")
    found = by_name(engine_checks.devices(tmp_path))["Devices"]
    assert (found.state, "tpu:0" in found.step) == ("fail", True)


def test_a_device_for_one_capability_that_is_not_there_fails_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OCR_DEVICE", "cuda:63")
    found = by_name(engine_checks.devices(tmp_path))["Devices"]
    assert (found.state, "OCR_DEVICE=cuda:63" in found.step) == ("fail", True)


def test_gpus_that_nobody_has_are_no_fault_and_the_cpu_says_what_it_can_do(tmp_path: Path) -> None:
    found = by_name(engine_checks.devices(tmp_path))
    assert (found["Device: cuda"].state, found["Device: intel"].state) == ("none", "none")
    assert found["Device: cpu"].state == "ok"
    assert "onnxruntime f32" in found["Device: cpu"].found


def test_a_gpu_that_is_there_and_cannot_be_used_says_why_and_what_to_do(tmp_path: Path) -> None:
    card = tmp_path / "sys/bus/pci/devices/0000:01:00.0"
    card.mkdir(parents=True)
    (card / "vendor").write_text("0x10de\n")
    (card / "class").write_text("0x030200\n")
    found = by_name(engine_checks.devices(tmp_path))["Device: cuda:0"]
    assert (found.state, "no /dev/nvidia0" in found.found, "--gpus all" in found.step) == ("warn", True, True)


def test_a_gpu_whose_provider_does_not_start_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(path: Path, backend: runtime.Backend, threads: int) -> None:
        raise DeviceMissing(f"{backend.device.name}: libcudnn.so.9 is missing", hint="install it")

    (tmp_path / "dev").mkdir()
    for number in range(2):
        (tmp_path / "dev" / f"nvidia{number}").touch()
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CUDAExecutionProvider"])
    monkeypatch.setattr(nvidia, "_driver_loads", lambda: True)
    monkeypatch.setattr(runtime, "open_session", broken)
    found = by_name(engine_checks.devices(tmp_path))
    for name in ("Device: cuda:0", "Device: cuda:1"):
        assert (found[name].state, found[name].found, found[name].step) == (
            "warn",
            "libcudnn.so.9 is missing",
            "install it",
        )
    monkeypatch.setattr(runtime, "open_session", lambda path, backend, threads: None)
    assert by_name(engine_checks.devices(tmp_path))["Device: cuda:1"].found == "onnxruntime f32"


def test_every_capability_is_listed_and_a_missing_model_comes_with_its_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "FAMILIES", {"ocr": registry.FAMILIES["ocr"], "clip": absent})
    found = by_name(engine_checks.models())
    assert (found["Model: ocr"].state, "PP-OCRv6_small on cpu" in found["Model: ocr"].found) == ("ok", True)
    assert (found["Model: clip"].state, found["Model: clip"].step) == ("warn", "darkroom models pull ViT-X")


def test_no_model_for_anything_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "FAMILIES", {"clip": absent, "face": absent})
    assert [finding.state for finding in engine_checks.models()] == ["fail", "fail"]


def test_a_runtime_that_the_device_cannot_use_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME", "tensorrt")
    [found] = engine_checks.models()
    assert (found.state, "RUNTIME=tensorrt" in found.found, "RUNTIME=auto" in found.step) == ("fail", True, True)


def test_the_doctor_prints_devices_and_models(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["doctor", "--port", "1", "--data", str(tmp_path)]).stdout
    assert "Device: cpu" in said
    assert "Model: ocr" in said
