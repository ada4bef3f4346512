"""Model packs: when a picture is looked at twice, whose vector is whose, and what is said where a pack is missing."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engines.errors import ModelMissing, ModelUnknown
from engines.faces import networks, recipe
from engines.faces.engine import FaceEngine
from engines.faces.networks import PackNetworks
from engines.images import Image
from engines.runtime import choose_backend
from engines.settings import EngineSettings
from engines.types import Face, ModelInfo
from tests.conftest import until
from tests.unit.engines.faces.networks import FakeDetector, FakeRecogniser

INFO = ModelInfo("face", "fake", "0", "fake", "cpu", "onnxruntime", "f32", False)


def grey(level: int, height: int = 100, width: int = 100) -> Image:
    return Image(np.full((height, width, 3), level, np.uint8), width, height, "PNG")


def colour(face: Face) -> float:
    """The grey that the made-up recogniser saw."""
    return round(face.values[0] * 127.5 + 127.5)


def pack(
    monkeypatch: pytest.MonkeyPatch, detector: FakeDetector, recogniser: FakeRecogniser | None = None
) -> PackNetworks:
    monkeypatch.setattr(networks, "ElasticSession", lambda *_: detector)
    monkeypatch.setattr(networks, "open_session", lambda *_: recogniser or FakeRecogniser())
    return PackNetworks(Path("detection"), Path("recognition"), choose_backend("cpu", EngineSettings()), 2)


def test_a_sure_face_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = FakeDetector({640: 0.9, 256: 0.9})
    (face,) = pack(monkeypatch, detector).find(grey(80).pixels, 0.5)
    assert detector.sides == [640]
    assert face.box == (0, 0, 100, 100)
    assert face.landmarks[2] == (50, 50)
    assert colour(face) == 80


def test_where_nothing_is_found_a_margin_shows_the_face_that_fills_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = FakeDetector({256: 0.8})
    (face,) = pack(monkeypatch, detector).find(grey(80).pixels, 0.5)
    assert detector.sides == [640, 256]
    assert face.box == (0, 0, 100, 100)
    assert face.landmarks == ((25, 25), (75, 25), (50, 50), (25, 75), (75, 75))
    assert face.score == pytest.approx(0.8)


@pytest.mark.parametrize("least", [0.3, 0.5, 0.8])
def test_a_large_doubtful_face_is_looked_at_again_and_comes_once(monkeypatch: pytest.MonkeyPatch, least: float) -> None:
    detector = FakeDetector({640: 0.55, 256: 0.85})
    (face,) = pack(monkeypatch, detector).find(grey(80).pixels, least)
    assert detector.sides == [640, 256]
    assert face.score == pytest.approx(0.85)


def test_a_detector_of_fixed_size_looks_again_at_its_own_size(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = FakeDetector({}, fixed=320)
    assert pack(monkeypatch, detector).find(grey(80).pixels, 0.5) == ()
    assert detector.sides == [320, 320]


@pytest.mark.parametrize(("fixed", "seen"), [(None, [(480, 640), (224, 256)]), (640, [(640, 640), (640, 640)])])
def test_no_more_is_seen_than_the_picture_fills_unless_the_size_is_fixed(
    monkeypatch: pytest.MonkeyPatch, fixed: int | None, seen: list[tuple[int, int]]
) -> None:
    detector = FakeDetector({}, fixed)
    pack(monkeypatch, detector).find(grey(80, 300, 400).pixels, 0.5)
    assert detector.seen == seen


def test_faces_that_are_less_certain_than_asked_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = FakeRecogniser()
    assert pack(monkeypatch, FakeDetector({640: 0.72}), recogniser).find(grey(80).pixels, 0.75) == ()
    assert recogniser.batches == []


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 3000), (3000, 2), (641, 333), (6000, 8000)])
def test_pictures_of_any_size_are_searched(monkeypatch: pytest.MonkeyPatch, height: int, width: int) -> None:
    (face,) = pack(monkeypatch, FakeDetector({256: 0.8})).find(grey(80, height, width).pixels, 0.5)
    left, top, right, bottom = face.box
    two_pixels_of_the_square = max(height, width) / 64
    assert (left + right) / 2 == pytest.approx(width / 2, abs=two_pixels_of_the_square)
    assert (top + bottom) / 2 == pytest.approx(height / 2, abs=two_pixels_of_the_square)


@pytest.mark.parametrize(("free", "batches"), [(True, [1, 4, 1]), (False, [1] * 6)])
def test_pictures_at_once_share_batches_and_keep_their_own_faces(
    monkeypatch: pytest.MonkeyPatch, free: bool, batches: list[int]
) -> None:
    recogniser = FakeRecogniser(free)
    found = pack(monkeypatch, FakeDetector({640: 0.9}), recogniser)
    recogniser.held = lambda: until(lambda: len(found._batches._waiting) == 5, what="five faces waiting")
    with ThreadPoolExecutor(6) as pool:
        faces = list(pool.map(lambda level: found.find(grey(level).pixels, 0.5), range(40, 100, 10)))
    assert [colour(face) for (face,) in faces] == list(range(40, 100, 10))
    assert recogniser.batches == batches


def test_unloading_lets_the_picture_in_flight_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, let_go = threading.Event(), threading.Event()
    recogniser = FakeRecogniser(held=lambda: (entered.set(), let_go.wait(20)))
    loaded = pack(monkeypatch, FakeDetector({640: 0.9}), recogniser)
    engine = FaceEngine(INFO, lambda: loaded)
    with ThreadPoolExecutor(2) as pool:
        finding = pool.submit(engine.find, grey(80))
        assert entered.wait(20)
        unloading = pool.submit(engine.unload)
        assert not unloading.done()
        let_go.set()
        assert len(finding.result(20)) == 1
        unloading.result(20)
    assert not engine.info.loaded


@pytest.mark.parametrize(("count", "reason"), [(6, "no key points"), (3, "none of SCRFD")])
def test_a_detector_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, count: int, reason: str) -> None:
    detector = FakeDetector({})
    detector.outputs = detector.outputs[:count]
    with pytest.raises(ModelMissing, match=reason) as refused:
        pack(monkeypatch, detector)
    assert "darkroom models pull" in (refused.value.hint or "")


def test_a_missing_pack_names_the_command_and_is_replaced_only_if_that_is_wanted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = EngineSettings(model_cache=tmp_path)
    backend = choose_backend("cpu", settings)
    with pytest.raises(ModelMissing) as missing:
        recipe.find(None, settings, backend)
    assert "darkroom models pull buffalo_l" in (missing.value.hint or "")
    recipe._say_fallback.cache_clear()
    wished = settings.model_copy(update={"face_fallback": "dlib"})
    with caplog.at_level(logging.WARNING):
        assert recipe.find(None, wished, backend).name == "dlib"
        assert recipe.find("antelopev2", wished, backend).name == "dlib"
    assert "buffalo_l cannot be had here, dlib's stand in" in caplog.text
    with pytest.raises(ModelUnknown):
        recipe.find("no-such-pack", wished, backend)


def test_a_pack_that_lacks_a_part_says_which_or_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "facial-recognition" / "half" / "detection" / "model.onnx"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    settings = EngineSettings(model_cache=tmp_path, face_recognition_model_name="half")
    backend = choose_backend("cpu", settings)
    with pytest.raises(ModelMissing, match=r"recognition/model\.onnx"):
        recipe.find(None, settings, backend)
    recipe._say_fallback.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert recipe.find(None, settings.model_copy(update={"face_fallback": "dlib"}), backend).name == "dlib"
    assert "recognition/model.onnx" in caplog.text
