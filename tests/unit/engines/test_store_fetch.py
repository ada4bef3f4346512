"""Models fetched from a hub: resumed, checked, there at once or not at all, by one process at a time."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines import store
from engines.errors import ModelMissing, ModelUnknown
from engines.settings import EngineSettings
from engines.store import download, fetch, record
from tests.unit.engines.hub import Hub

PACK = "buffalo_s"
FILES = {
    "detection/model.onnx": b"detector" * 5000,
    "recognition/model.onnx": b"recogniser" * 5000,
    "README.md": b"for people",
    "detection/model.armnn": b"for other hardware",
}
WANTED = {"detection/model.onnx", "recognition/model.onnx"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(download, "PAUSE_S", 0.01)
    made = Hub()
    made.repositories[f"immich-app/{PACK}"] = dict(FILES)
    yield made
    made.close()


@pytest.fixture
def settings(hub: Hub, tmp_path: Path) -> EngineSettings:
    return EngineSettings(model_cache=tmp_path / "models", hf_endpoint=hub.url, modelscope_endpoint=hub.url)


def pull(settings: EngineSettings, name: str = PACK, again: bool = False) -> Path:
    return fetch.pull(fetch.known(name), settings, lambda *_: None, again)


def put(folder: Path) -> None:
    for path in WANTED:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(FILES[path])


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != record.NAME
    }


def test_what_is_wanted_of_a_repository_is_here_afterwards_checked_and_noted(settings: EngineSettings) -> None:
    folder = pull(settings)
    assert files(folder) == {path: FILES[path] for path in WANTED}
    note = record.read(folder)
    assert note["source"] == "huggingface"
    assert {file["checked"] for file in note["files"].values()} == {"source"}
    weights = store.find("facial-recognition", PACK, settings)
    assert set(weights.expected) == WANTED
    store.verify(weights)


def test_a_second_time_nothing_is_asked_for(settings: EngineSettings, hub: Hub) -> None:
    pull(settings)
    hub.asked.clear()
    pull(settings)
    assert hub.asked == []
    pull(settings, again=True)
    assert {path for path, _ in hub.asked} == WANTED


def test_a_cut_download_goes_on_where_it_stopped(settings: EngineSettings, hub: Hub) -> None:
    hub.cuts["detection/model.onnx"] = [1000, 2000]
    assert files(pull(settings))["detection/model.onnx"] == FILES["detection/model.onnx"]
    ranges = [wanted for path, wanted in hub.asked if path == "detection/model.onnx"]
    assert ranges[0] == ""
    assert [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in ranges[1:]] == [1000, 3000]


def test_what_was_left_by_a_killed_process_is_gone_on_with(settings: EngineSettings, hub: Hub) -> None:
    work = settings.model_cache / ".downloads" / f"facial-recognition__{PACK}" / "detection"
    work.mkdir(parents=True)
    (work / "model.onnx").write_bytes(FILES["detection/model.onnx"][:700])
    pull(settings)
    assert ("detection/model.onnx", "bytes=700-") in hub.asked


def test_an_error_of_the_hub_is_tried_again(settings: EngineSettings, hub: Hub) -> None:
    hub.statuses["recognition/model.onnx"] = [500, 503]
    assert set(files(pull(settings))) == WANTED


@pytest.mark.parametrize("status", [429, 503])
def test_a_list_is_asked_for_again(status: int, settings: EngineSettings, hub: Hub) -> None:
    hub.statuses[""] = [status]
    assert set(files(pull(settings))) == WANTED


def test_a_list_comes_in_pages(settings: EngineSettings, hub: Hub) -> None:
    hub.page = 2
    assert set(files(pull(settings))) == WANTED


def test_a_file_that_came_whole_before_is_not_asked_for(settings: EngineSettings, hub: Hub) -> None:
    put(settings.model_cache / ".downloads" / f"facial-recognition__{PACK}")
    assert set(files(pull(settings))) == WANTED
    assert hub.asked == []


def test_what_is_left_of_another_file_is_thrown_away(settings: EngineSettings, hub: Hub) -> None:
    left = settings.model_cache / ".downloads" / f"facial-recognition__{PACK}" / "detection" / "model.onnx"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"#" * 700)
    assert files(pull(settings))["detection/model.onnx"] == FILES["detection/model.onnx"]


def test_a_wrong_digest_leaves_nothing_behind_and_says_so(settings: EngineSettings, hub: Hub) -> None:
    hub.lies.add("recognition/model.onnx")
    with pytest.raises(ModelMissing, match=r"recognition/model\.onnx came with another digest") as missing:
        pull(settings)
    assert f"darkroom models pull {PACK}" in (missing.value.hint or "")
    assert not (settings.model_cache / "facial-recognition" / PACK).exists()
    hub.lies.clear()
    assert set(files(pull(settings))) == WANTED


def test_a_failed_second_pull_leaves_the_model_as_it_was(settings: EngineSettings, hub: Hub) -> None:
    before = files(pull(settings))
    hub.lies.add("recognition/model.onnx")
    with pytest.raises(ModelMissing):
        pull(settings, again=True)
    assert files(settings.model_cache / "facial-recognition" / PACK) == before
    store.verify(store.find("facial-recognition", PACK, settings))


def test_a_path_that_leads_out_of_the_folder_is_not_written(settings: EngineSettings, hub: Hub) -> None:
    hub.repositories[f"immich-app/{PACK}"]["../../evil.onnx"] = b"evil"
    assert set(files(pull(settings))) == WANTED
    assert not list(settings.model_cache.parent.rglob("evil.onnx"))


def test_a_cache_that_cannot_be_written_is_said(settings: EngineSettings) -> None:
    settings.model_cache.write_text("a file")
    with pytest.raises(ModelMissing, match="cannot be kept") as missing:
        pull(settings)
    assert "MODEL_CACHE" in (missing.value.hint or "")


def test_nothing_is_fetched_offline(settings: EngineSettings, hub: Hub) -> None:
    with pytest.raises(ModelMissing, match="HF_HUB_OFFLINE"):
        pull(settings.model_copy(update={"hf_hub_offline": True}))
    assert hub.asked == []


def test_two_processes_fetch_once(settings: EngineSettings, hub: Hub) -> None:
    code = (
        "from engines.settings import EngineSettings\nfrom engines.store import fetch\n"
        f"s = EngineSettings(model_cache={str(settings.model_cache)!r}, hf_endpoint={hub.url!r})\n"
        f"fetch.pull(fetch.known({PACK!r}), s, lambda *_: None)\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert sorted(path for path, _ in hub.asked) == sorted(WANTED)


def test_a_model_that_nobody_knows_is_unknown() -> None:
    with pytest.raises(ModelUnknown, match="no-such-model"):
        fetch.known("no-such-model")


def test_a_file_that_changed_on_the_disk_is_found_out(settings: EngineSettings) -> None:
    folder = pull(settings)
    (folder / "detection" / "model.onnx").write_bytes(b"something else")
    with pytest.raises(ModelMissing, match="sha256 differs") as missing:
        store.verify(store.find("facial-recognition", PACK, settings))
    assert missing.value.hint == f"darkroom models pull --again {PACK}"
    assert (folder / "detection" / "model.onnx").exists(), "nothing is deleted"


def test_an_immich_cache_is_served_as_it_is_without_what_is_there_for_others(settings: EngineSettings) -> None:
    folder = settings.model_cache / "clip" / "ViT-B-32__openai"
    ours = ("visual/model.onnx", "visual/preprocess_cfg.json", "config.json")
    others = ("visual/model.armnn", "visual/openvino/1.blob", ".cache/huggingface/download/config.json.metadata")
    for path in (*ours, *others):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")
    weights = store.find("clip", "ViT-B-32__openai", settings)
    assert set(weights.files) == set(ours)
    assert weights.expected == {}


def test_a_model_that_is_in_an_immich_cache_is_not_fetched(settings: EngineSettings, hub: Hub) -> None:
    put(settings.model_cache / "facial-recognition" / PACK)
    pull(settings)
    assert hub.seen == []


def test_a_model_that_is_in_a_wheel_is_not_fetched(settings: EngineSettings, hub: Hub) -> None:
    pull(settings, "PP-OCRv6_small")
    assert hub.seen == []


def test_a_file_that_is_gone_is_fetched_again(settings: EngineSettings) -> None:
    folder = pull(settings)
    (folder / "detection" / "model.onnx").unlink()
    pull(settings)
    assert (folder / "detection" / "model.onnx").read_bytes() == FILES["detection/model.onnx"]


def test_a_note_that_cannot_be_read_is_passed_over(settings: EngineSettings) -> None:
    folder = pull(settings)
    (folder / record.NAME).write_text("{")
    assert store.find("facial-recognition", PACK, settings).expected == {}
    (folder / record.NAME).write_text(json.dumps({"source": "x", "files": {}}))
    assert record.read(folder) == {"source": "x", "files": {}}
