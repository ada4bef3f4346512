"""The steps around the networks, each on its own."""

import numpy as np
import pytest

from engines.ocr.boxes import BoxOptions, Region, find_regions, order_corners
from engines.ocr.crop import crop_line, is_level
from engines.ocr.ctc import CtcDecoder
from engines.ocr.detect import DetectOptions, normalise, resize, target_size, tiles
from engines.ocr.order import reading_order
from engines.ocr.recognise import STATIC_WIDTHS, RecogniseOptions, input_width, plan, prepare
from engines.ocr.turn import runs_down, stands_on_head, turn_quad


def quad(left: float, top: float, width: float, height: float, slope: float = 0.0) -> np.ndarray:
    """A rectangle turned by `slope` radians about the origin."""
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    cos, sin = np.cos(slope), np.sin(slope)
    return np.array([(x * cos - y * sin, x * sin + y * cos) for x, y in corners], np.float32)


def test_a_box_grows_by_its_area_over_its_perimeter() -> None:
    probability = np.zeros((100, 300), np.float32)
    probability[40:61, 50:251] = 0.9
    (region,) = find_regions(probability, BoxOptions(unclip=1.5))
    grow = 200 * 20 * 1.5 / (2 * (200 + 20))
    expected = [(50 - grow, 40 - grow), (250 + grow, 40 - grow), (250 + grow, 60 + grow), (50 - grow, 60 + grow)]
    assert region.quad == pytest.approx(np.array(expected), abs=0.01)
    assert region.score == pytest.approx(0.9, abs=0.01)


def test_faint_and_tiny_boxes_are_dropped() -> None:
    probability = np.zeros((100, 300), np.float32)
    probability[10:30, 10:100] = 0.4
    probability[50:52, 50:52] = 0.95
    assert find_regions(probability, BoxOptions(box_threshold=0.5, min_side=3)) == []


def test_corners_go_clockwise_from_the_top_left() -> None:
    corners = np.array([(10, 20), (110, 40), (106, 60), (6, 40)], np.float32)
    for shift in range(4):
        assert order_corners(np.roll(corners, shift, axis=0)).tolist() == corners.tolist()


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((3000, 4000), (704, 960)),
        ((500, 400), (512, 384)),
        ((1, 1), (32, 32)),
        ((10_000, 640), (9984, 640)),
        ((700, 9800), (640, 8960)),
    ],
)
def test_a_picture_is_seen_at_a_legible_size(size: tuple[int, int], seen: tuple[int, int]) -> None:
    assert target_size(*size, DetectOptions()) == seen


@pytest.mark.parametrize("size", [(960, 704), (10_016, 640), (640, 8960), (1280, 960), (32, 32), (32, 9984)])
def test_tiles_cover_every_pixel_once_and_overlap(size: tuple[int, int]) -> None:
    covered = np.zeros(size, int)
    seen = np.zeros(size, int)
    for tile in tiles(*size, 960):
        covered[tile.kept] += 1
        seen[tile.seen] += 1
        picture = np.arange(size[0] * size[1]).reshape(size)
        assert np.array_equal(picture[tile.seen][tile.inner], picture[tile.kept])
        assert picture[tile.seen].shape[0] % 32 == 0
        assert picture[tile.seen].shape[1] % 32 == 0
        assert picture[tile.seen].size <= 2 * 960 * 960
    assert covered.min() == covered.max() == 1
    assert seen.min() >= 1


def test_the_detector_gets_blue_first_and_normalised() -> None:
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[..., 0] = 255
    blob = normalise(pixels, DetectOptions())
    assert blob.shape == (1, 3, 32, 32)
    assert blob[0, :, 0, 0] == pytest.approx([-0.485 / 0.229, -0.456 / 0.224, (1 - 0.406) / 0.225], rel=1e-4)


def test_a_picture_of_the_right_size_is_not_resampled() -> None:
    pixels = np.zeros((64, 96, 3), np.uint8)
    assert resize(pixels, DetectOptions()) is pixels


def test_a_level_line_is_sliced_and_a_sloping_one_laid_flat() -> None:
    pixels = np.zeros((200, 400, 3), np.uint8)
    level, sloping = quad(20, 30, 200, 20), quad(60, 30, 200, 20, slope=0.2)
    assert is_level(level)
    assert not is_level(sloping)
    assert crop_line(pixels, level).shape == (20, 200, 3)
    assert crop_line(pixels, sloping).shape == (20, 200, 3)
    assert np.shares_memory(crop_line(pixels, level), pixels)


def test_what_is_cut_out_of_a_slope_is_what_stands_there() -> None:
    from PIL import Image, ImageDraw

    slope = 0.25
    band = quad(80, 20, 200, 24, slope)
    canvas = Image.new("RGB", (400, 200), "white")
    ImageDraw.Draw(canvas).polygon([tuple(map(float, point)) for point in band], fill=(200, 0, 0))
    line = crop_line(np.asarray(canvas), band)[3:-3, 3:-3]
    assert (np.abs(line.astype(int) - (200, 0, 0)) < 12).all()


def test_a_line_that_runs_downwards_is_turned_to_lie() -> None:
    pixels = np.arange(100 * 100 * 3, dtype=np.uint32).reshape(100, 100, 3).astype(np.uint8)
    line = crop_line(pixels, quad(10, 10, 20, 60))
    assert np.array_equal(line, np.rot90(pixels[10:70, 10:30]))


def test_a_box_at_the_edge_or_outside_gives_at_least_a_pixel() -> None:
    pixels = np.zeros((20, 20, 3), np.uint8)
    for box in (quad(18, 18, 40, 40), quad(20, 20, 0, 0), quad(-30, -30, 10, 10), quad(15, 15, 90, 9, slope=0.3)):
        line = crop_line(pixels, box)
        assert min(line.shape[:2]) >= 1


def peaks(*classes: int, count: int = 5, height: float = 0.9) -> np.ndarray:
    """CTC output with one sure class a step."""
    output = np.full((1, len(classes), count), (1 - height) / (count - 1), np.float32)
    for step, best in enumerate(classes):
        output[0, step, best] = height
    return output


def test_repeats_collapse_and_blanks_part_doubles() -> None:
    (reading,) = CtcDecoder(["a", "b", "c"]).decode(peaks(1, 1, 0, 1, 2, 2, 0, 3))
    assert reading.text == "aabc"
    assert reading.score == pytest.approx(0.9)


def test_a_space_that_the_blank_hides_is_found() -> None:
    output = peaks(1, 0, 2)
    output[0, 1] = [0.9, 0.0, 0.0, 0.0, 0.1]
    assert CtcDecoder(["a", "b", "c"], space_weight=1).decode(output.copy())[0].text == "ab"
    (reading,) = CtcDecoder(["a", "b", "c"], space_weight=20).decode(output)
    assert reading.text == "a b"
    assert reading.score == pytest.approx(0.9)


def test_nothing_but_blanks_and_spaces_is_no_text() -> None:
    (reading,) = CtcDecoder(["a", "b", "c"]).decode(peaks(0, 4, 0))
    assert (reading.text, reading.score) == ("", 0.0)


def lines_of(*widths: int) -> list[np.ndarray]:
    return [np.zeros((48, width, 3), np.uint8) for width in widths]


def test_every_line_is_read_once_and_hardly_any_padding_is_computed() -> None:
    widths = np.random.default_rng(3).integers(20, 1500, 60).tolist()
    batches = plan(lines_of(*widths), RecogniseOptions())
    assert sorted(index for batch in batches for index in batch.indices) == list(range(60))
    computed = sum(batch.width * len(batch.indices) for batch in batches)
    assert computed <= 1.1 * sum(max(width, 64) for width in widths)
    assert all(batch.width * len(batch.indices) <= 640 or len(batch.indices) == 1 for batch in batches)


def test_static_widths_are_few() -> None:
    options = RecogniseOptions(static_widths=True)
    assert {input_width(width, options) for width in range(1, 4000, 7)} == set(STATIC_WIDTHS)


def test_no_lines_need_no_batch() -> None:
    assert plan([], RecogniseOptions()) == []


def test_a_line_is_padded_on_the_right_with_the_middle_gray() -> None:
    options = RecogniseOptions()
    lines = [np.full((48, 100, 3), 255, np.uint8)]
    (batch,) = plan(lines, options)
    blob = prepare(lines, batch, options)
    assert blob.shape == (1, 3, 48, 112)
    assert blob[..., :100].min() == pytest.approx(1.0)
    assert blob[..., 100:].max() == blob[..., 100:].min() == 0.0


def test_a_line_longer_than_the_network_takes_is_squeezed_not_cut() -> None:
    options = RecogniseOptions()
    line = np.zeros((20, 4000, 3), np.uint8)
    line[:, -100:] = 255
    (batch,) = plan([line], options)
    assert batch.width == options.max_width
    assert prepare([line], batch, options)[0, 0, 0, -1] == pytest.approx(1.0)


def shuffled(quads: list[np.ndarray]) -> tuple[list[np.ndarray], list[int]]:
    order = np.random.default_rng(7).permutation(len(quads)).tolist()
    return [quads[index] for index in order], order


@pytest.mark.parametrize("slope", [0.0, 0.05, -0.05, 0.3, -0.3])
def test_lines_are_read_row_by_row_on_a_skewed_page(slope: float) -> None:
    rows = [quad(column * 220, row * 40, 200, 24, slope) for row in range(12) for column in range(4)]
    mixed, where = shuffled(rows)
    assert [where[index] for index in reading_order(mixed)] == list(range(len(rows)))


def test_a_pixel_of_jitter_does_not_mix_the_rows_of_a_wide_page() -> None:
    jitter = np.random.default_rng(5).uniform(-2, 2, (6, 30))
    rows = [
        quad(column * 330, row * 40 + jitter[row, column], 130, 22, 0.0) for row in range(6) for column in range(30)
    ]
    rows = [box + np.array([(0, 0), (0, 1), (0, 1), (0, 0)], np.float32) for box in rows]
    mixed, where = shuffled(rows)
    assert [where[index] for index in reading_order(mixed)] == list(range(len(rows)))


def test_no_boxes_have_no_order() -> None:
    assert reading_order([]) == []


@pytest.mark.parametrize("quarters", range(4))
def test_a_quad_turns_with_its_picture_and_back(quarters: int) -> None:
    picture = np.zeros((50, 80), np.uint8)
    picture[10:20, 30:60] = 1
    box = quad(30, 10, 30, 10)
    turned = turn_quad(box, 80, 50, quarters)
    seen = np.rot90(picture, quarters)
    left, top = turned.min(axis=0).astype(int)
    right, bottom = turned.max(axis=0).astype(int)
    assert seen[top:bottom, left:right].all()
    assert seen.sum() == (bottom - top) * (right - left)
    size = (50, 80) if quarters % 2 else (80, 50)
    assert turn_quad(turned, *size, -quarters).tolist() == box.tolist()


def test_a_page_lies_on_its_side_if_most_text_runs_down() -> None:
    down = [Region(quad(10 * row, 5, 8, 90), 0.9) for row in range(5)]
    across = [Region(quad(5, 10 * row, 90, 8), 0.9) for row in range(5)]
    assert runs_down(down)
    assert not runs_down(across)
    assert not runs_down(across + down[:3])
    assert not runs_down(down[:2])


def test_a_page_stands_on_its_head_if_most_letters_do() -> None:
    assert stands_on_head([10] * 5, [True] * 4 + [False])
    assert not stands_on_head([10, 10, 10, 10, 100], [True] * 4 + [False])
    assert not stands_on_head([10], [True])
