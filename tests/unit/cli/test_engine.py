"""How vLLM is told to run, and what is said where it is not there."""

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import parts
from cli.engine_launch import FLAGS, Launch, problem
from cli.main import app
from cli.supervisor import CANNOT_START
from engines.document import prompts


def launch(model: str = "deepseek-ai/DeepSeek-OCR", weights: str = "", more: tuple[str, ...] = ()) -> Launch:
    return Launch("/venv/bin/python", model, weights, "127.0.0.1", 8000, 5, more)


def value(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def test_deepseeks_models_run_as_vllms_recipe_says() -> None:
    for name in ("deepseek-ai/DeepSeek-OCR", "deepseek-ai/DeepSeek-OCR-2"):
        words = launch(name).command
        assert value(words, "--logits-processors").endswith("deepseek_ocr:NGramPerReqLogitsProcessor")
        assert "--no-enable-prefix-caching" in words
        assert value(words, "--mm-processor-cache-gb") == "0"


@pytest.mark.parametrize("name", FLAGS)
def test_every_model_with_flags_of_its_own_is_one_that_we_can_talk_to(name: str) -> None:
    assert prompts.find(name).name == name


def test_a_model_that_is_not_known_gets_no_flags_but_the_usual_ones() -> None:
    words = launch("acme/reader").command
    assert words[:3] == ["/venv/bin/python", "-m", "vllm.entrypoints.openai.api_server"]
    assert (value(words, "--model"), value(words, "--served-model-name")) == ("acme/reader", "acme/reader")
    assert "--logits-processors" not in words


def test_weights_in_a_folder_are_served_under_the_models_name() -> None:
    words = launch(weights="/models/ocr").command
    assert (value(words, "--model"), value(words, "--served-model-name")) == ("/models/ocr", "deepseek-ai/DeepSeek-OCR")


def test_what_else_is_said_comes_last_so_that_it_wins() -> None:
    assert launch(more=("--mm-processor-cache-gb", "4")).command[-2:] == ["--mm-processor-cache-gb", "4"]


def test_vllm_writes_its_counters_nowhere_near_ours_and_sends_no_statistics() -> None:
    env = launch().environment({"PROMETHEUS_MULTIPROC_DIR": "/data/run/metrics", "PATH": "/bin"})
    assert "PROMETHEUS_MULTIPROC_DIR" not in env
    assert (env["PATH"], env["VLLM_NO_USAGE_STATS"], env["VLLM_USE_V2_MODEL_RUNNER"]) == ("/bin", "1", "0")


def test_the_callers_own_word_on_vllm_stands() -> None:
    env = launch().environment({"VLLM_LOGGING_LEVEL": "DEBUG", "LLM_API_KEY": "secret"})
    assert (env["VLLM_LOGGING_LEVEL"], env["VLLM_API_KEY"]) == ("DEBUG", "secret")
    assert "secret" not in " ".join(launch().command)


def test_a_python_without_vllm_is_refused_with_the_command_that_installs_it(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    said = CliRunner().invoke(app, ["engine", "--python", str(bare)])
    assert said.exit_code == CANNOT_START
    assert f"{bare} -m pip install 'vllm" in said.output
    assert "LLM_PYTHON" in said.output


def test_a_python_that_is_not_there_is_named() -> None:
    assert str(problem("/nowhere/python")).startswith("LLM_PYTHON=/nowhere/python cannot be run")


def test_help_names_the_next_step() -> None:
    said = CliRunner().invoke(app, ["engine", "--help"]).output
    assert "LLM_BASE_URL=http://127.0.0.1:8000/v1 darkroom up" in said
    assert "darkroom[vllm]" in said


def test_a_service_with_an_engine_of_its_own_tells_everybody_where_it_is() -> None:
    env = parts.with_document_engine({}, "vllm")
    [part] = parts.engine_parts(env)
    port = value(list(part.command), "--port")
    assert env["LLM_BASE_URL"] == f"http://127.0.0.1:{port}/v1"
    assert list(part.command[1:2]) == ["engine"]
    assert float(env["LLM_WAIT_S"]) >= 600, "a model is loaded for minutes"
    assert parts.with_document_engine({"LLM_WAIT_S": "5"}, "vllm")["LLM_WAIT_S"] == "5"


def test_servers_that_are_named_are_left_alone_unless_the_classic_engine_is_chosen() -> None:
    named = {"LLM_BASE_URL": "http://engine:8000/v1"}
    env = parts.with_document_engine(named, "")
    assert (env["LLM_BASE_URL"], parts.engine_parts(env)) == (named["LLM_BASE_URL"], [])
    assert parts.with_document_engine(named, "classic")["LLM_BASE_URL"] == ""


def test_an_engine_of_our_own_beside_one_that_is_named_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_BASE_URL", "http://engine:8000/v1")
    said = CliRunner().invoke(app, ["up", "--document-engine", "vllm"])
    assert said.exit_code == 2
    assert "unset it" in said.output


@pytest.mark.parametrize(
    ("line", "tidied"),
    [
        ("(APIServer pid=24417) WARNING 11-21 10:44:05 [envs.py:12] Look here", "WARNING: Look here"),
        ("Loading:   0%\rLoading:  50%\rLoading: 100%", "Loading: 100%"),
        ("ValueError: no such model", "ValueError: no such model"),
    ],
)
def test_lines_of_vllm_lose_their_own_time_and_bars_their_past(line: str, tidied: str) -> None:
    assert parts.tidy_engine_line(line) == tidied


def test_this_python_is_the_one_that_is_asked_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_PYTHON", raising=False)
    asked: list[str] = []
    monkeypatch.setattr("cli.engine_launch.problem", lambda python: asked.append(python) or "no vLLM")
    CliRunner().invoke(app, ["engine"])
    assert asked == [sys.executable]
