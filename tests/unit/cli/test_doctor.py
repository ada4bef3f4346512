"""What the doctor finds on this machine and on a broken one."""

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import checks, doctor, engine_checks
from cli.lock import hold
from cli.main import app


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REDIS_URL", "DEVICES", "HOST", "HTTP_PORT", "DARKROOM_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_a_port_taken_by_another_program_fails_with_the_next_step(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["doctor", "--port", str(number), "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert f"Port {number}" in result.stdout
    assert "--port" in result.stdout


def test_a_data_folder_in_use_is_said_and_is_no_fault(tmp_path: Path) -> None:
    with hold(tmp_path):
        found = [each for each in checks.data_folder(tmp_path) if each.about == "Data folder"]
    assert [each.state for each in found] == ["ok"]
    assert "already in use" in found[0].found


def test_looking_at_a_data_folder_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    found = [each.found for each in checks.data_folder(tmp_path / "new")]
    assert found[-1] == f"{tmp_path / 'new'} will be made"
    assert not (tmp_path / "new").exists()


def test_a_broker_of_our_own_that_is_not_there_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    [found] = checks.broker()
    assert (found.state, "does not answer" in found.found) == ("fail", True)


def test_the_built_in_broker_runs() -> None:
    [found] = checks.broker()
    assert found.state == "ok"
    assert found.found.startswith("built-in valkey ")


def test_too_little_memory_fails_and_little_memory_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    for free, state in ((2**29, "fail"), (2 * 2**30, "warn"), (8 * 2**30, "ok")):
        monkeypatch.setattr("cli.memory.available_bytes", lambda free=free: free)
        [found] = checks.memory()
        assert found.state == state


def test_builds_of_onnxruntime_that_overwrite_each_other_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_version", lambda name: "1.0")
    [found] = checks.packages()
    assert found.state == "warn"
    assert "pip uninstall -y onnxruntime onnxruntime-gpu onnxruntime-openvino" in found.step


def test_the_gpu_build_of_onnxruntime_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_version", lambda name: "" if name == "onnxruntime" else "1.0")
    monkeypatch.setattr(checks, "ONNXRUNTIMES", ("onnxruntime", "onnxruntime-gpu"))
    [found] = checks.packages()
    assert (found.state, found.found.split(",")[0]) == ("ok", "onnxruntime-gpu 1.0")


def test_a_package_that_is_needed_and_not_there_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_version", lambda name: "")
    [found] = checks.packages()
    assert (found.state, "onnxruntime" in found.found, "make setup" in found.step) == ("fail", True, True)


def test_a_check_that_breaks_is_a_finding_and_the_others_still_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken() -> None:
        raise ImportError("libgl.so is missing")

    monkeypatch.setattr(engine_checks, "models", broken)
    found = {each.about: each for each in doctor.examine("127.0.0.1", 1, tmp_path)}
    assert found["Models"].found == "ImportError: libgl.so is missing"
    assert found["Clock"].state == "ok"
