"""The program as a whole."""

import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from cli.main import app

COMMANDS = ("up", "api", "worker", "scan", "jobs", "schedule", "doctor", "demo", "bench")


def test_the_version_is_that_of_the_distribution() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"darkroom {version('darkroom')}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there_and_teaches_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Example:" in result.stdout


def test_the_program_starts_without_loading_what_only_some_commands_need() -> None:
    script = "import sys, cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"numpy", "cv2", "onnxruntime", "openvino", "fastapi", "sqlalchemy", "celery", "httpx", "PIL", "pydantic"}
    assert heavy & set(loaded.stdout.split()) == set()


def test_an_unknown_queue_is_an_error_of_use() -> None:
    result = CliRunner().invoke(app, ["worker", "--device", "cpu", "--queues", "bulky"])
    assert result.exit_code == 2
    assert "interactive" in result.stderr
