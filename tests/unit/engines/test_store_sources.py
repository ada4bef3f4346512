"""The sources of models: what each is asked for, what is believed of it, and which is next."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines import store
from engines.errors import ModelMissing
from engines.settings import EngineSettings
from engines.store import catalogue as catalogues
from engines.store import download, fetch, record
from engines.store.types import Known, RemoteFile
from tests.unit.engines.hub import Hub

PACK = "buffalo_s"
FILES = {"detection/model.onnx": b"detector" * 5000, "recognition/model.onnx": b"recogniser" * 5000}
TASK = "facial-recognition"
MIRROR = f"/mirror/{TASK}/{PACK}"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(download, "PAUSE_S", 0.01)
    made = Hub()
    yield made
    made.close()


@pytest.fixture
def settings(hub: Hub, tmp_path: Path) -> EngineSettings:
    """Both hubs are here and empty; a mirror is configured and empty."""
    return EngineSettings(
        model_cache=tmp_path / "models",
        hf_endpoint=hub.url,
        modelscope_endpoint=hub.url,
        model_url=f"{hub.url}/mirror",
    )


def pull(settings: EngineSettings, name: str = PACK) -> Path:
    return fetch.pull(fetch.known(name), settings, lambda *_: None)


def mirror(hub: Hub, files: dict[str, bytes]) -> None:
    hub.plain |= {f"{MIRROR}/{path}": data for path, data in files.items()}


def contents(folder: Path) -> dict[str, bytes]:
    return {path: (folder / path).read_bytes() for path in record.read(folder)["files"]}


def test_pp_ocr_comes_from_modelscope_as_the_catalogue_has_it(
    settings: EngineSettings, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {path: f"models/RapidAI/RapidOCR/resolve/v3/{path}" for path in FILES}
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in FILES.items()}
    listed = tuple(RemoteFile(path, where[path], sha256=digests[path]) for path in FILES)
    model = Known("ocr", "EN__PP-OCRv5_mobile", "Apache-2.0", None, "immich-app/EN__PP-OCRv5_mobile", listed)
    monkeypatch.setattr(fetch, "catalogue", lambda: {("ocr", model.name): model})
    hub.plain = {f"/{where[path]}": data for path, data in FILES.items()}
    folder = pull(settings, model.name)
    note = record.read(folder)
    assert note["source"] == "modelscope"
    assert {file["checked"] for file in note["files"].values()} == {"catalogue"}
    weights = store.find("ocr", model.name, settings)
    assert weights.expected == {
        "detection": digests["detection/model.onnx"],
        "recognition": digests["recognition/model.onnx"],
    }
    store.verify(weights)


def test_every_pp_ocr_model_has_the_digests_that_rapidocr_publishes() -> None:
    models = [model for (task, _), model in catalogues.catalogue().items() if task == "ocr"]
    assert {"PP-OCRv4_server", "PP-OCRv5_server", "PP-OCRv6_medium", "CH__PP-OCRv5_server"} <= {m.name for m in models}
    assert {"EL__PP-OCRv5_mobile", "EN__PP-OCRv5_mobile", "TH__PP-OCRv5_mobile"} <= {m.name for m in models}
    assert all(len(file.sha256 or "") == 64 for model in models for file in model.files)


def test_a_server_cannot_speak_against_the_catalogue(tmp_path: Path, hub: Hub) -> None:
    import httpx

    hub.plain["/model.onnx"] = b"something else"
    hub.named["/model.onnx"] = hashlib.sha256(b"something else").hexdigest()
    asked = RemoteFile("model.onnx", f"{hub.url}/model.onnx", sha256=hashlib.sha256(b"the model").hexdigest())
    with httpx.Client() as client, pytest.raises(download.WrongDigest):
        download.download(client, asked, tmp_path / "model.onnx", lambda *_: None)
    assert not (tmp_path / "model.onnx").exists()


def test_the_digest_that_a_server_names_is_compared_where_no_list_has_one(settings: EngineSettings, hub: Hub) -> None:
    mirror(hub, FILES)
    hub.named[f"{MIRROR}/detection/model.onnx"] = "0" * 64
    with pytest.raises(ModelMissing, match="another digest"):
        pull(settings)


@pytest.mark.parametrize("junk", [b"<html>log in first</html>", b'{"error": "no"}', b'[{"type": "file"}]'])
def test_an_answer_that_is_no_list_is_a_source_that_failed(junk: bytes, settings: EngineSettings, hub: Hub) -> None:
    hub.junk = junk
    mirror(hub, FILES)
    assert record.read(pull(settings))["source"] == "url"


def test_a_repository_without_the_networks_is_not_the_model(settings: EngineSettings, hub: Hub) -> None:
    hub.repositories[f"immich-app/{PACK}"] = {"config.json": b"{}"}
    with pytest.raises(ModelMissing, match=r"huggingface: it has no detection/model\.onnx, recognition/model\.onnx"):
        pull(settings)
    assert not (settings.model_cache / TASK / PACK).exists()


def test_nothing_of_a_source_that_failed_is_kept_in_the_model(settings: EngineSettings, hub: Hub) -> None:
    hub.repositories[f"immich-app/{PACK}"] = {
        "a/other.bin": b"begun",
        **{path: b"old" + d for path, d in FILES.items()},
    }
    hub.cuts["recognition/model.onnx"] = [10] * download.TRIES
    mirror(hub, FILES)
    folder = pull(settings)
    assert contents(folder) == FILES
    assert not list(folder.rglob("other.bin"))


def test_a_cut_download_from_a_mirror_without_digests_goes_on_where_it_stopped(
    settings: EngineSettings, hub: Hub
) -> None:
    mirror(hub, FILES)
    path = f"{MIRROR}/detection/model.onnx"
    hub.cuts[path] = [1000]
    assert contents(pull(settings)) == FILES
    assert [wanted for asked, wanted in hub.asked if asked == path] == ["", "bytes=1000-"]


def test_what_an_earlier_process_left_is_not_gone_on_with_where_no_digest_would_prove_it(
    settings: EngineSettings, hub: Hub
) -> None:
    left = settings.model_cache / ".downloads" / f"{TASK}__{PACK}" / "detection" / "model.onnx"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"#" * 700)
    mirror(hub, FILES)
    assert contents(pull(settings)) == FILES


def test_a_file_that_changes_while_it_is_fetched_is_begun_anew(
    settings: EngineSettings, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"{MIRROR}/detection/model.onnx"
    later = {**FILES, "detection/model.onnx": b"changed" * 5000}
    mirror(hub, FILES)
    hub.cuts[path] = [1000]
    monkeypatch.setattr(download.time, "sleep", lambda _: mirror(hub, later))
    assert contents(pull(settings)) == later


def test_the_note_of_a_mirror_says_what_is_there_and_what_it_should_be(settings: EngineSettings, hub: Hub) -> None:
    files = {**FILES, "recognition/weights_0": b"beside the graph"}
    noted = {
        p: {"sha256": hashlib.sha256(d).hexdigest(), "size": len(d), "checked": "source"} for p, d in files.items()
    }
    mirror(hub, {**files, record.NAME: json.dumps({"source": "huggingface", "files": noted}).encode()})
    folder = pull(settings)
    assert contents(folder) == files
    assert {file["checked"] for file in record.read(folder)["files"].values()} == {"source"}


@pytest.mark.parametrize("form", ["file://{}", "{}"])
def test_a_folder_gives_all_that_is_in_it(form: str, settings: EngineSettings, tmp_path: Path) -> None:
    there = tmp_path / "a mirror" / TASK / PACK
    for path, data in {**FILES, "recognition/weights_0": b"beside the graph", "README.md": b"for people"}.items():
        (there / path).parent.mkdir(parents=True, exist_ok=True)
        (there / path).write_bytes(data)
    local = settings.model_copy(update={"model_url": form.format(tmp_path / "a mirror"), "model_sources": "url"})
    assert contents(pull(local)) == {**FILES, "recognition/weights_0": b"beside the graph"}


def test_every_source_is_asked_once_and_its_reason_is_given(settings: EngineSettings, hub: Hub) -> None:
    with pytest.raises(ModelMissing, match="cannot be fetched") as missing:
        pull(settings, "PP-OCRv4_mobile")
    assert len([path for path in hub.seen if path.startswith("/models/")]) == 1
    assert "modelscope: 404 for" in str(missing.value)
    assert "url: 404 for" in str(missing.value)


def test_sources_are_asked_in_the_order_of_the_setting(settings: EngineSettings, hub: Hub) -> None:
    hub.repositories[f"immich-app/{PACK}"] = FILES
    mirror(hub, FILES)
    ordered = settings.model_copy(update={"model_sources": "url, huggingface"})
    assert record.read(pull(ordered))["source"] == "url"


def test_a_source_that_nobody_knows_is_said(settings: EngineSettings) -> None:
    with pytest.raises(ModelMissing, match="no source 'nowhere'"):
        pull(settings.model_copy(update={"model_sources": "nowhere"}))


@pytest.mark.parametrize("address", ["hub.example", "http://[", "http://127.0.0.1:1"])
def test_an_address_that_leads_nowhere_is_a_source_that_failed(
    address: str, settings: EngineSettings, hub: Hub
) -> None:
    mirror(hub, FILES)
    assert record.read(pull(settings.model_copy(update={"hf_endpoint": address})))["source"] == "url"
