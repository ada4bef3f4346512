"""The face engine's parts: what is decoded, suppressed and aligned, and dlib's models."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cli.samples import photo_paths
from engines.faces import dlib_networks, scrfd
from engines.faces.align import SIDE, TEMPLATE, align, similarity
from engines.faces.scoring import balanced_accuracy
from engines.images import Image, decode
from engines.registry import Engines
from engines.settings import EngineSettings
from tests.unit.engines.faces.networks import outputs, put


def photo(name: str) -> np.ndarray:
    """A photograph of the demo, RGB."""
    paths = {path.name: path for path in photo_paths()}
    if name not in paths:
        pytest.skip("scikit-image's photographs are not installed: make setup")
    return decode(paths[name], EngineSettings()).pixels


def test_a_face_comes_out_where_its_anchor_stands() -> None:
    made = outputs()
    put(made, 1, row=10, column=20, score=0.9, reach=2)
    found = scrfd.decode(made, (640, 640), 0.5)
    assert found.boxes.tolist() == [[288, 128, 352, 192]]
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.points[0].tolist() == [[304, 144], [336, 144], [320, 160], [304, 176], [336, 176]]


def test_of_a_wide_picture_the_anchors_stand_in_its_own_columns() -> None:
    made = outputs(96, 640)
    put(made, 1, row=5, column=30, score=0.9, reach=1)
    assert scrfd.decode(made, (96, 640), 0.5).boxes.tolist() == [[464, 64, 496, 96]]


def test_of_faces_on_one_place_the_best_remains_and_the_best_comes_first() -> None:
    made = outputs()
    put(made, 0, row=10, column=10, score=0.7, reach=5)
    put(made, 0, row=10, column=11, score=0.8, reach=5)
    put(made, 0, row=60, column=60, score=0.9, reach=5)
    put(made, 2, row=2, column=15, score=0.4, reach=1)
    assert scrfd.decode(made, (640, 640), 0.5).scores.tolist() == pytest.approx([0.9, 0.8])


def test_no_face_is_an_empty_result() -> None:
    found = scrfd.decode(outputs(), (640, 640), 0.5)
    assert (found.boxes.shape, found.scores.shape, found.points.shape) == ((0, 4), (0,), (0, 5, 2))


@pytest.mark.parametrize("shape", [(640, 640), (1, 1), (3, 2000), (2000, 3), (480, 641)])
@pytest.mark.parametrize("margin", [0.0, 0.5])
def test_a_picture_of_any_shape_lies_inside_the_square(shape: tuple[int, int], margin: float) -> None:
    square, scale, (left, top) = scrfd.letterbox(np.full((*shape, 3), 255, np.uint8), 256, margin)
    assert square.shape == (256, 256, 3)
    assert square.max() == 255
    assert left + shape[1] * scale <= 257
    assert top + shape[0] * scale <= 257


def test_alignment_finds_the_turn_the_scale_and_the_shift() -> None:
    angle, scale, shift = 0.4, 2.5, np.array([30.0, -12.0])
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    moved = (TEMPLATE @ turn.T * scale + shift).astype(np.float32)
    matrix = similarity(TEMPLATE, moved)
    assert np.allclose(matrix[:, :2], turn * scale, atol=1e-4)
    assert np.allclose(matrix[:, 2], shift, atol=1e-3)


def test_points_on_one_spot_give_a_face_all_the_same() -> None:
    face = align(np.full((50, 50, 3), 9, np.uint8), np.full((5, 2), 20, np.float32))
    assert face.shape == (SIDE, SIDE, 3)


def test_dlibs_score_and_certainty_are_each_others_inverse() -> None:
    for score in (-0.3, 0.0, 1.3, 3.0):
        assert dlib_networks.threshold(dlib_networks.certainty(score)) == pytest.approx(score)
    assert dlib_networks.certainty(0.16) == pytest.approx(0.65, abs=0.001)


@pytest.fixture(scope="module")
def dlib_engines() -> Engines:
    return Engines(EngineSettings(), "cpu")


def image(pixels: np.ndarray) -> Image:
    return Image(pixels, pixels.shape[1], pixels.shape[0], "PNG")


def test_dlibs_corners_of_eyes_become_eyes_as_seen_in_the_picture() -> None:
    corners = [(90.0, 50.0), (70.0, 52.0), (20.0, 50.0), (40.0, 54.0), (55.0, 80.0)]
    assert dlib_networks.landmarks(corners) == ((30.0, 52.0), (80.0, 51.0), (55.0, 80.0))


def test_dlib_finds_the_face_its_eyes_and_nose_and_its_vector(dlib_engines: Engines) -> None:
    engine = dlib_engines.engine("face", "dlib")
    (face,) = engine.find(image(photo("astronaut.png")), 0.65)
    assert 0.65 <= face.score <= 1
    left, right, nose = face.landmarks
    assert left[0] < nose[0] < right[0]
    assert max(left[1], right[1]) < nose[1] < face.box[3]
    assert len(face.values) == engine.info.dimensions == 128
    assert engine.find(image(np.zeros((300, 300, 3), np.uint8))) == ()
    assert engine.find(image(np.zeros((1, 1, 3), np.uint8))) == ()


def test_calls_at_once_keep_their_own_faces(dlib_engines: Engines) -> None:
    engine = dlib_engines.engine("face", "dlib")
    here, nobody = image(photo("astronaut.png")), image(photo("coffee.png"))
    alone = engine.find(here, 0.65)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda one: engine.find(one, 0.65), [here, nobody] * 3))
    assert found == [alone, ()] * 3


def test_pairs_are_counted_by_kind() -> None:
    faces = [("a", (0.0,)), ("a", (0.1,)), ("b", (1.0,)), ("b", (5.0,))]
    assert balanced_accuracy(faces, lambda a, b: abs(a[0] - b[0]) < 0.5) == 0.75
    with pytest.raises(ValueError, match="pairs"):
        balanced_accuracy(faces[:1], lambda a, b: True)
