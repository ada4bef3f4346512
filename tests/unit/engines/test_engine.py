"""Engines load when they are used, are shared by threads, and unload without dropping a call."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from engines import registry
from engines.errors import DeviceMissing, ModelMissing, ModelUnknown
from engines.loading import Recipe
from engines.ocr.boxes import Region
from engines.ocr.ctc import Reading
from engines.ocr.engine import OcrEngine
from engines.registry import Engines
from engines.runtime import Backend, choose_backend, open_session
from engines.settings import EngineSettings
from engines.store import find_ocr
from engines.types import ModelInfo
from tests.unit.engines.conftest import Draw, as_image

INFO = ModelInfo("ocr", "fake", "0", "fake", "cpu", "onnxruntime", "f32", False)
BLANK = as_image(np.full((40, 40, 3), 255, np.uint8))


class SlowNetworks:
    """Networks whose detector waits until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.let_go = threading.Event()
        self.closed = False

    def detect(self, pixels: np.ndarray, side: int | None = None) -> list[Region]:
        self.entered.set()
        assert self.let_go.wait(20)
        assert not self.closed
        return []

    def read(self, lines: object) -> list[Reading]:
        return []

    def upside_down(self, lines: object) -> list[bool]:
        return []

    def close(self) -> None:
        self.closed = True


def test_unloading_waits_for_the_call_in_flight() -> None:
    networks = SlowNetworks()
    engine = OcrEngine(INFO, lambda: networks)  # type: ignore[arg-type, return-value]
    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(engine.read, BLANK)
        assert networks.entered.wait(20)
        unloading = pool.submit(engine.unload)
        assert not networks.closed
        assert engine.busy
        networks.let_go.set()
        assert reading.result(20).lines == ()
        unloading.result(20)
    assert networks.closed
    assert not engine.info.loaded


def test_a_call_after_unloading_loads_again() -> None:
    made: list[SlowNetworks] = []

    def load() -> SlowNetworks:
        made.append(SlowNetworks())
        made[-1].let_go.set()
        return made[-1]

    engine = OcrEngine(INFO, load)  # type: ignore[arg-type]
    engine.read(BLANK)
    engine.unload()
    engine.read(BLANK)
    assert [networks.closed for networks in made] == [True, False]


def test_many_threads_load_once() -> None:
    made: list[SlowNetworks] = []

    def load() -> SlowNetworks:
        made.append(SlowNetworks())
        made[-1].let_go.set()
        return made[-1]

    engine = OcrEngine(INFO, load)  # type: ignore[arg-type]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: engine.read(BLANK), range(32)))
    assert len(made) == 1


def test_a_failed_load_is_tried_again_by_the_next_call() -> None:
    networks = SlowNetworks()
    networks.let_go.set()
    results: list[object] = [ModelMissing("gone"), networks]

    def load() -> object:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    engine = OcrEngine(INFO, load)  # type: ignore[arg-type]
    with pytest.raises(ModelMissing):
        engine.read(BLANK)
    assert engine.read(BLANK).lines == ()


def test_drawn_text_is_read_with_its_place(engines: Engines, draw: Draw) -> None:
    image = draw(640, 240, (40, 40, "Invoice 2024"), (40, 140, "中文 and English"), size=36)
    page = engines.ocr().read(image)
    assert [line.text for line in page.lines] == ["Invoice 2024", "中文 and English"]
    left, top = page.lines[0].box[0]
    right, bottom = page.lines[0].box[2]
    assert 25 <= left <= 45
    assert 30 <= top <= 60
    assert 230 <= right <= 320
    assert 75 <= bottom <= 100
    assert min(line.score for line in page.lines) > 0.9
    assert (page.width, page.height) == (640, 240)


def test_rows_are_read_from_left_to_right(engines: Engines, draw: Draw) -> None:
    image = draw(900, 220, (620, 42, "three"), (20, 40, "one"), (320, 38, "two"), (20, 140, "four"), size=36)
    assert [line.text for line in engines.ocr().read(image).lines] == ["one", "two", "three", "four"]


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 400), (400, 1), (31, 31)])
def test_a_picture_of_a_few_pixels_has_nothing_in_it(engines: Engines, size: tuple[int, int]) -> None:
    page = engines.ocr().read(as_image(np.full((*size, 3), 255, np.uint8)))
    assert page.lines == ()
    assert (page.height, page.width) == size


def test_a_small_crop_of_one_word_is_read(engines: Engines, draw: Draw) -> None:
    assert engines.ocr().read(draw(130, 24, (4, 0, "Hello"), size=16)).text == "Hello"


def test_a_page_on_its_side_is_read_in_order(engines: Engines, draw: Draw) -> None:
    rows = [(40, 30 + 60 * row, f"Number {row} of this page") for row in range(6)]
    upright = draw(640, 420, *rows, size=30)
    for quarters in range(4):
        page = engines.ocr().read(as_image(np.rot90(upright.pixels, quarters)))
        assert [line.text for line in page.lines] == [text for _, _, text in rows], quarters


def test_a_long_screenshot_stays_legible(engines: Engines, draw: Draw) -> None:
    rows = [(30, 30 + 120 * row, f"Row {row} of a long page") for row in range(40)]
    page = engines.ocr().read(draw(640, 4900, *rows, size=22))
    assert [line.text for line in page.lines] == [text for _, _, text in rows]


def test_threads_at_once_read_what_one_reads(engines: Engines, draw: Draw) -> None:
    images = [draw(420, 100, (20, 20, f"Ticket {index}{index} ok"), size=34) for index in range(6)]
    ocr = engines.ocr()
    alone = [ocr.read(image) for image in images]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ocr.read, images)) == alone
    assert [page.text for page in alone] == [f"Ticket {index}{index} ok" for index in range(6)]


def test_min_score_leaves_uncertain_lines_out(engines: Engines, draw: Draw) -> None:
    image = draw(420, 100, (20, 20, "certain"), size=34)
    assert engines.ocr().read(image, min_score=0.5).lines
    assert not engines.ocr().read(image, min_score=1.1).lines


@pytest.mark.parametrize("change", [{"ocr_rec_dynamic_width": False}, {"runtime": "openvino"}])
def test_other_settings_read_the_same(draw: Draw, change: dict[str, object]) -> None:
    if change.get("runtime") == "openvino":
        pytest.importorskip("openvino")
    other = Engines(EngineSettings(**change), "cpu")  # type: ignore[arg-type]
    image = draw(640, 240, (40, 40, "Invoice 2024"), (40, 140, "A longer line of text"), size=36)
    assert other.ocr().read(image).text == "Invoice 2024\nA longer line of text"


def test_the_registry_loads_unloads_and_loads_again(draw: Draw) -> None:
    own = Engines(EngineSettings(), "cpu")
    assert own.loaded() == []
    assert not own.resolve("ocr").loaded
    engine = own.ocr()
    assert [info.name for info in own.loaded()] == ["PP-OCRv6_small"]
    assert own.resolve("ocr") == replace(engine.info, loaded=True)
    own.unload()
    assert own.loaded() == []
    assert engine.read(draw(300, 80, (10, 10, "again"), size=32)).text == "again"
    assert own.ocr() is engine


def test_idle_models_are_unloaded_after_their_time(settings: EngineSettings) -> None:
    own = Engines(settings.model_copy(update={"model_ttl": 300}), "cpu")
    own.ocr()
    own.unload_idle(time.monotonic() + 290)
    assert own.loaded()
    own.unload_idle(time.monotonic() + 310)
    assert not own.loaded()


def test_a_time_to_live_of_nothing_keeps_models_for_ever(settings: EngineSettings) -> None:
    own = Engines(settings.model_copy(update={"model_ttl": 0}), "cpu")
    own.ocr()
    own.unload_idle(time.monotonic() + 1e9)
    assert own.loaded()


def test_resolving_says_which_model_and_revision_and_loads_nothing(settings: EngineSettings) -> None:
    own = Engines(settings, "cpu")
    info = own.resolve("ocr", "PP-OCRv6_small")
    assert (info.capability, info.name, info.device, info.precision) == ("ocr", "PP-OCRv6_small", "cpu", "f32")
    assert len(info.revision) == 12
    assert own.loaded() == []
    assert Engines(settings, "cpu").resolve("ocr").revision == info.revision


def test_what_nobody_can_do_is_unknown(settings: EngineSettings) -> None:
    own = Engines(settings, "cpu")
    with pytest.raises(ModelUnknown):
        own.resolve("poetry")
    with pytest.raises(ModelUnknown):
        own.ocr("no-such-model")


def test_a_device_that_is_not_there_is_refused_at_once(settings: EngineSettings) -> None:
    with pytest.raises(DeviceMissing):
        Engines(settings, "cuda:63")


def test_a_broken_model_file_says_which(settings: EngineSettings) -> None:
    folder = settings.model_cache / "ocr" / "mine"
    for kind in ("detection", "recognition"):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelMissing, match="mine"):
        Engines(settings, "cpu").ocr("mine")


def test_a_session_knows_its_inputs_and_outputs(settings: EngineSettings) -> None:
    path = find_ocr("PP-OCRv6_small", settings).files["recognition"]
    shapes = {}
    for runtime in ("onnxruntime", "openvino"):
        if runtime == "openvino":
            pytest.importorskip("openvino")
        backend = choose_backend("cpu", settings.model_copy(update={"runtime": runtime}))
        session = open_session(path, backend, 1)
        shapes[runtime] = dict(session.inputs), len(session.outputs)
    assert shapes == dict.fromkeys(shapes, ({"x": (None, 3, 48, None)}, 1))


def test_what_was_found_of_a_models_files_counts_for_a_moment(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str | None] = []
    find = registry.FAMILIES["ocr"]

    def noted(asked: str | None, settings: EngineSettings, backend: Backend) -> Recipe:
        looked.append(asked)
        return find(asked, settings, backend)

    monkeypatch.setitem(registry.FAMILIES, "ocr", noted)
    engines = Engines(settings, "cpu")
    looked.clear()
    for _ in range(3):
        engines.resolve("ocr")
    assert looked == [None]
    monkeypatch.setattr(registry, "LOOK_S", 0.0)
    engines.resolve("ocr")
    assert looked == [None, None]
    monkeypatch.undo()
    for _ in range(2):  # what is not there may come any moment
        with pytest.raises(ModelUnknown):
            engines.resolve("ocr", "nobody")
