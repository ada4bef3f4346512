"""`darkroom models`: what is known and here, getting it, checking it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.errors import CommandError
from cli.main import app
from tests.unit.engines.hub import Hub

PACK = "buffalo_s"
FILES = {"detection/model.onnx": b"detector" * 5000, "recognition/model.onnx": b"recogniser" * 5000, "x.json": b"{}"}


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    made.repositories[f"immich-app/{PACK}"] = dict(FILES)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def cache(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model cache, empty."""
    monkeypatch.setenv("MODEL_CACHE", str(tmp_path / "models"))
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("MODEL_SOURCES", "huggingface")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return tmp_path / "models"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["models", *arguments])
    if isinstance(result.exception, CommandError):
        raise result.exception
    return result


def lines(*arguments: str) -> dict[str, str]:
    """First word of each line -> the line."""
    return {line.split()[0].rstrip(":"): line for line in run(*arguments).stdout.splitlines()}


@pytest.mark.parametrize("command", ["list", "pull", "verify"])
def test_every_command_teaches_with_an_example(command: str) -> None:
    assert "Example: darkroom models" in run(command, "--help").stdout


def test_the_list_has_task_dimensions_licence_and_state_of_every_model_on_a_line() -> None:
    listed = lines("list")
    assert listed["model"].split() == ["model", "task", "dims", "licence", "state"]
    assert listed["PP-OCRv6_small"].split() == ["PP-OCRv6_small", "ocr", "Apache-2.0", "bundled"]
    assert listed["ViT-B-32__openai"].split() == ["ViT-B-32__openai", "clip", "512", "MIT", "not", "here"]
    name = "XLM-Roberta-Large-ViT-H-14__frozen_laion5b_s13b_b90k"
    assert listed[name].endswith("not here")
    assert "…" not in "".join(listed.values())


def test_what_is_here_is_listed_also_where_the_catalogue_does_not_know_it(cache: Path) -> None:
    (cache / "facial-recognition" / "mine").mkdir(parents=True)
    (cache / "facial-recognition" / "mine" / "a.onnx").write_bytes(b"x")
    listed = lines("list", "--here")
    assert listed["mine"].endswith("in the cache")
    assert PACK not in listed


def test_a_pulled_model_is_here_and_says_where_it_came_from(cache: Path, hub: Hub) -> None:
    result = run("pull", PACK)
    assert result.exit_code == 0
    folder = cache / "facial-recognition" / PACK
    assert result.stdout == f"{PACK} is in {folder}: 3 files, 0.1 MB, from huggingface\n"
    assert lines("list", "--here")[PACK].endswith("in the cache")
    hub.seen.clear()
    assert "is here already" in run("pull", PACK).stdout
    assert hub.seen == []


def test_a_bundled_model_needs_no_pull(hub: Hub) -> None:
    assert "PP-OCRv6_small is here already" in run("pull", "PP-OCRv6_small").stdout
    assert hub.seen == []


def test_a_name_that_is_wrong_fetches_none_of_the_others(hub: Hub) -> None:
    with pytest.raises(CommandError, match=r"no model is called buffalo_x\..*darkroom models list"):
        run("pull", PACK, "buffalo_x")
    assert hub.seen == []


def test_a_model_that_cannot_be_had_ends_with_the_reason(hub: Hub) -> None:
    hub.repositories.clear()
    with pytest.raises(CommandError, match=r"cannot be fetched: huggingface: 404 for http.*MODEL_URL"):
        run("pull", PACK)


def test_nothing_is_fetched_offline(monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(CommandError, match="HF_HUB_OFFLINE"):
        run("pull", PACK)
    assert hub.seen == []


def test_verify_says_what_was_compared_with_what() -> None:
    run("pull", PACK)
    said = lines("verify", PACK, "PP-OCRv6_small")
    assert said["PP-OCRv6_small"] == "PP-OCRv6_small: 3 files as the catalogue has them"
    compared, _, came = said[PACK].partition("; ")
    assert compared == f"{PACK}: 2 files as huggingface published them"
    assert came == "1 file as it came from huggingface, which published no digest"


def test_verify_finds_what_was_changed_and_what_is_gone(cache: Path) -> None:
    run("pull", PACK)
    network = cache / "facial-recognition" / PACK / "detection" / "model.onnx"
    network.write_bytes(b"another")
    result = run("verify", PACK)
    assert result.exit_code == 1
    assert "sha256 differs" in result.stdout
    assert f"darkroom models pull --again {PACK}" in result.stdout
    network.unlink()
    result = run("verify", PACK)
    assert result.exit_code == 1
    assert "detection/model.onnx is gone" in result.stdout


def test_verify_without_names_checks_what_is_here() -> None:
    run("pull", PACK)
    said = lines("verify")
    assert {PACK, "PP-OCRv6_small"} <= said.keys()
    assert "ViT-B-32__openai" not in said


def test_verify_knows_no_model_that_is_not_listed() -> None:
    with pytest.raises(CommandError, match=r"No model is called nothing\."):
        run("verify", "nothing")
