"""A GPU compiles every shape anew: it sees few of them, and reads the same."""

from pathlib import Path

import numpy as np
import pytest

from engines.devices import Device, Kind
from engines.faces import networks
from engines.ocr import recipe
from engines.ocr.detect import GPU_BUCKET, STRIDE, DetectOptions, detect, fill_up
from engines.ocr.models import OcrNetworks, OcrOptions
from engines.ocr.page import read_page
from engines.ocr.recognise import RecogniseOptions, plan, prepare
from engines.runtime import Backend, choose_backend
from engines.settings import EngineSettings
from engines.store import find_ocr
from tests.unit.engines.conftest import Draw
from tests.unit.engines.faces.networks import FakeDetector, FakeRecogniser


class Mirror:
    """A detector that finds nothing, and notes the shapes it is given."""

    def __init__(self) -> None:
        self.inputs = {"x": (None, 3, None, None)}
        self.outputs = ("map",)
        self.shapes: set[tuple[int, ...]] = set()

    def run(self, feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        blob = feeds["x"]
        self.shapes.add(blob.shape[2:])
        return [np.zeros((1, 1, *blob.shape[2:]), np.float32)]


@pytest.fixture
def sizes() -> list[tuple[int, int]]:
    """Heights and widths of photos, pages and strips."""
    return [tuple(size) for size in np.random.default_rng(5).integers(40, 2400, (150, 2)).tolist()]


def test_the_detector_on_a_gpu_sees_few_shapes(sizes: list[tuple[int, int]]) -> None:
    mirror = Mirror()
    for height, width in sizes:
        detect(mirror, np.zeros((height, width, 3), np.uint8), DetectOptions(bucket=GPU_BUCKET))
    assert all(side % GPU_BUCKET == 0 for shape in mirror.shapes for side in shape)
    photos = {shape for shape in mirror.shapes if max(shape) <= 960}
    assert len(photos) <= 36


def test_the_detector_on_a_cpu_sees_no_padding() -> None:
    mirror = Mirror()
    detect(mirror, np.zeros((500, 700, 3), np.uint8), DetectOptions())
    assert mirror.shapes == {(512, 704)}


def test_filling_up_adds_the_mean_colour_and_moves_nothing() -> None:
    blob = np.random.default_rng(1).random((1, 3, 64, 96), np.float32)
    filled = fill_up(blob, 160)
    assert filled.shape == (1, 3, 160, 160)
    assert np.array_equal(filled[:, :, :64, :96], blob)
    assert not filled[:, :, 64:].any()
    assert not filled[:, :, :, 96:].any()


def test_static_batches_hold_a_power_of_two_of_lines() -> None:
    options = RecogniseOptions(static_widths=True, batch_width=10_240)
    lines = [np.zeros((48, 150, 3), np.uint8)] * 37
    (batch,) = plan(lines, options)
    assert prepare(lines, batch, options).shape == (64, 3, 48, 160)
    assert prepare(lines, batch, RecogniseOptions()).shape == (37, 3, 48, 160)


def test_pages_are_read_the_same_at_a_gpus_shapes(draw: Draw, settings: EngineSettings) -> None:
    rows = [(30 + 7 * row, 20 + 60 * row, f"Line {row} of {row * 'many '}words") for row in range(7)]
    image = draw(900, 470, *rows, size=32)
    options = OcrOptions(DetectOptions(bucket=GPU_BUCKET), RecogniseOptions(static_widths=True, batch_width=10_240))
    read = OcrNetworks(find_ocr("PP-OCRv6_small", settings), choose_backend("cpu", settings), 2, options)
    try:
        lines = read_page(read, image.pixels, 0.5)
    finally:
        read.close()
    assert [line.reading.text for line in lines] == [text for _, _, text in rows]


@pytest.mark.parametrize(
    ("device", "asked", "static", "bucket"),
    [
        (Device("cpu"), None, False, STRIDE),
        (Device("cpu"), False, True, STRIDE),
        (Device("cuda"), None, True, GPU_BUCKET),
        (Device("intel"), True, False, GPU_BUCKET),
    ],
)
def test_shapes_are_static_on_gpus_unless_the_setting_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
    settings: EngineSettings,
    device: Device,
    asked: bool | None,
    static: bool,
    bucket: int,
) -> None:
    given: list[OcrOptions] = []
    monkeypatch.setattr(recipe, "OcrNetworks", lambda weights, backend, threads, options: given.append(options))
    chosen = settings.model_copy(update={"ocr_rec_dynamic_width": asked})
    recipe._load(find_ocr("PP-OCRv6_small", chosen), chosen, Backend(device, "onnxruntime", "f32"))
    assert [(options.recognise.static_widths, options.detect.bucket) for options in given] == [(static, bucket)]


@pytest.mark.parametrize(("kind", "seen"), [("cuda", {(640, 640), (256, 256)}), ("cpu", {(480, 640), (224, 256)})])
def test_the_face_detector_on_a_gpu_sees_squares_of_two_sizes(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, seen: set[tuple[int, int]]
) -> None:
    detector = FakeDetector({})
    monkeypatch.setattr(networks, "ElasticSession", lambda *_: detector)
    monkeypatch.setattr(networks, "open_session", lambda *_: FakeRecogniser())
    pack = networks.PackNetworks(Path("d"), Path("r"), Backend(Device(kind), "onnxruntime", "f32"), 2)
    pack.find(np.zeros((300, 400, 3), np.uint8), 0.5)
    assert set(detector.seen) == seen
