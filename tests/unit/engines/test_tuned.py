"""What was found for this machine is used, and what was found for another one, or for other weights, is not."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from engines import tuned, tuning
from engines.devices import parse_device
from engines.registry import Engines
from engines.runtime import Backend, RuntimeName
from engines.settings import EngineSettings
from engines.tuning import Choice, alike

OCR = EngineSettings().ocr_model_name


def choose(settings: EngineSettings, runtime: RuntimeName) -> Path:
    """Remember a runtime for the configured OCR model."""
    return tuned.remember(settings, {tuned.key("ocr", Engines(settings, "cpu").digest("ocr")): runtime})


def runtime_of(settings: EngineSettings) -> str:
    return Engines(settings, "cpu").resolve("ocr").runtime


@pytest.fixture(autouse=True)
def _openvino() -> None:
    pytest.importorskip("openvino")


def test_what_is_remembered_is_used_until_it_is_forgotten(settings: EngineSettings) -> None:
    assert runtime_of(settings) == "onnxruntime"
    choose(settings, "openvino")
    assert runtime_of(settings) == "openvino"
    assert tuned.forget(settings)
    assert runtime_of(settings) == "onnxruntime"
    assert not tuned.forget(settings)


def test_a_setting_goes_before_it(settings: EngineSettings) -> None:
    choose(settings, "openvino")
    assert runtime_of(settings.model_copy(update={"runtime": "onnxruntime"})) == "onnxruntime"


def test_another_machine_or_other_weights_do_not_count(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(settings, "openvino")
    assert runtime_of(settings.model_copy(update={"ocr_model_name": "PP-OCRv5_mobile"})) == "onnxruntime"
    monkeypatch.setattr(tuned, "machine", lambda: "another")
    assert runtime_of(settings) == "onnxruntime"


@pytest.mark.parametrize("content", ["", "[]", '{"machine": 1}', '{"runtimes": []}', "\x00"])
def test_a_broken_file_is_as_none(settings: EngineSettings, content: str) -> None:
    choose(settings, "openvino").write_text(content)
    assert runtime_of(settings) == "onnxruntime"


def test_a_runtime_that_nobody_knows_is_left_out(settings: EngineSettings) -> None:
    path = choose(settings, "openvino")
    told = json.loads(path.read_text())
    told["runtimes"] = dict.fromkeys(told["runtimes"], "abacus")
    path.write_text(json.dumps(told))
    assert runtime_of(settings) == "onnxruntime"


def test_a_gpu_keeps_its_own(settings: EngineSettings) -> None:
    tuned.remember(settings, {tuned.key("ocr", "digest"): "openvino"})
    gpu = Backend(parse_device("cuda:0"), "onnxruntime", "f32")
    assert tuned.apply(gpu, "ocr", lambda: "digest", settings) is gpu


def test_lines_must_be_equal_and_vectors_alike() -> None:
    assert alike(["a", "b"], ["a", "b"])
    assert not alike(["a", "b"], ["a", "c"])
    assert not alike(["a"], ["a", "b"])
    assert alike([(1.0, 0.0)], [(2.0, 0.01)])
    assert not alike([(1.0, 0.0)], [(1.0, 0.1)])


class Reader:
    """Plays engines of one runtime: a model that takes so many milliseconds and answers so."""

    def __init__(self, took: float, says: str) -> None:
        self.took, self.says = took, says

    def resolve(self, capability: str) -> object:
        return type("Info", (), {"name": OCR})

    def digest(self, capability: str) -> str:
        return "digest"

    def engine(self, capability: str) -> "Reader":
        return self


@pytest.mark.parametrize(
    ("took", "says", "chosen"),
    [(5.0, "same", "openvino"), (9.5, "same", "onnxruntime"), (5.0, "other", "onnxruntime")],
)
def test_only_what_is_clearly_faster_and_says_the_same_is_chosen(
    monkeypatch: pytest.MonkeyPatch, took: float, says: str, chosen: str
) -> None:
    clock = [0.0]

    def work(capability: str, reader: Reader) -> object:
        def once() -> list[str]:
            clock[0] += reader.took / 1000
            return [reader.says]

        return once

    monkeypatch.setattr(tuning, "_work", work)
    monkeypatch.setattr(tuning, "SPAN_S", 0.0)
    monkeypatch.setattr("engines.tuning.time.process_time", lambda: clock[0])
    engines = {"onnxruntime": Reader(10.0, "same"), "openvino": Reader(took, says)}
    found = tuning._try("ocr", engines)  # type: ignore[arg-type]
    assert found.runtime == chosen
    assert found.cpu_ms == pytest.approx({"onnxruntime": 10.0, "openvino": took})


def test_the_command_shows_a_table_remembers_and_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_CACHE", str(tmp_path))
    ocr = Choice("ocr", OCR, "ocr 12", "openvino", {"onnxruntime": 20.0, "openvino": 10.0})
    face = Choice("face", "buffalo_l", "", "onnxruntime", {}, "the model buffalo_l is not here")
    monkeypatch.setattr(tuning, "tune", lambda settings: iter([ocr, face]))
    shown = CliRunner().invoke(app, ["tune"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "20.0" in shown.output
    assert "not here" in shown.output
    assert tuned.remembered(EngineSettings()) == {"ocr 12": "openvino"}
    assert "Forgotten" in CliRunner().invoke(app, ["tune", "--forget"]).output
    assert tuned.remembered(EngineSettings()) == {}
