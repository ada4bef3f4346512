"""DeepSeek-OCR's markup on a page of 999 x 1998 pixels: x is as the model says it, y twice that."""

import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.document.grounding import GroundingParser
from engines.document.types import Block

MARKS = [*"ab Z9.,;<>|/[]{}()#*-\n\t中文é｜▁\\_", "<|", "<|r", "<|/de", "|>", "<｜end▁", "[[1, 2", "]]", "image"]
TEXT = st.lists(st.sampled_from(MARKS), max_size=30).map("".join)
LABEL = st.sampled_from(["title", "text", "table", "image_caption", "equation"])
NUMBER = st.integers(min_value=-5, max_value=1200)
LIST = st.lists(NUMBER, min_size=1, max_size=6).map(lambda numbers: ", ".join(map(str, numbers)))
DET = st.lists(LIST, max_size=4).map(lambda lists: "[" + ", ".join(f"[{numbers}]" for numbers in lists) + "]")
MARKUP = st.one_of(
    st.builds("<|ref|>{}<|/ref|><|det|>{}<|/det|>".format, LABEL, DET),
    st.builds("<|ref|>{}<|/ref|> <|det|> {} <|/det|>".format, LABEL, DET),
    st.builds("<|ref|>{}<|/ref|>".format, LABEL),
    st.builds("<|det|>{}<|/det|>".format, DET),
    st.sampled_from(["<|/ref|>", "<|/det|>", "<|grounding|>", "<｜end▁of▁sentence｜>", "<|end_of_sentence|>"]),
)
# All of them end on a line of their own, so that what follows is text again.
BROKEN = st.sampled_from(
    ["<|det|>[[1, 2, 3, 4]]", "<|det|>[[1, 2", "<|det|>", "<|ref|>text<|det|>[[550, s 331, 652, 345]]<|/det|>"]
)
DOCUMENT = st.lists(st.one_of(TEXT, MARKUP, BROKEN), max_size=12)


def parse(raw: str, *cuts: int) -> tuple[str, tuple[Block, ...]]:
    """Clean Markdown and blocks of raw output, fed in pieces."""
    parser = GroundingParser(999, 1998)
    edges = sorted({0, *cuts, len(raw)})
    deltas = [parser.feed(raw[start:end]) for start, end in pairwise(edges)]
    return "".join(deltas) + parser.finish(), parser.blocks


def visible(text: str) -> str:
    """Text without white space, and without links of figures."""
    return re.sub(r"!\[\]\(images/\d+\.jpg\)|\s", "", text)


def test_a_region_becomes_its_text_and_a_block_in_pixels() -> None:
    markdown, blocks = parse("<|ref|>title<|/ref|><|det|>[[10, 20, 300, 40]]<|/det|>\n# A title\n")
    assert markdown == "# A title\n"
    assert blocks == (Block("title", ((10, 40, 300, 80),), "# A title"),)


def test_text_until_the_next_ref_belongs_to_the_block() -> None:
    _, blocks = parse(
        "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\none\n\ntwo\n\n"
        "<|ref|>list<|/ref|><|det|>[[5, 6, 7, 8]]<|/det|>\n- three"
    )
    assert [(block.label, block.text) for block in blocks] == [("text", "one\n\ntwo"), ("list", "- three")]


def test_figures_are_numbered_as_they_are_linked_one_for_each_box() -> None:
    markdown, blocks = parse(
        "<|ref|>image<|/ref|><|det|>[[1, 2, 3, 4], [5, 6, 7, 8]]<|/det|>\n"
        "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nbetween\n"
        "<|ref|>image<|/ref|><|det|>[[9, 9, 20, 20]]<|/det|>\n"
    )
    assert re.findall(r"images/(\d)\.jpg", markdown) == ["1", "2", "3"]
    assert [(block.figure, len(block.boxes)) for block in blocks] == [(1, 2), (None, 1), (3, 1)]


def test_a_figure_without_a_usable_box_gets_no_number() -> None:
    markdown, blocks = parse(
        "<|ref|>image<|/ref|><|det|>[[7, 7, 7, 9]]<|/det|>\n<|ref|>image<|/ref|>\n"
        "<|ref|>image<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n"
    )
    assert markdown.count("![]") == 1
    assert [block.figure for block in blocks] == [None, None, 1]


@pytest.mark.parametrize(
    ("det", "boxes"),
    [
        ("[[550, s 331, 652, 345]]", ((550, 662, 652, 690),)),
        (" [[1, 2, 3, 4]] ", ((1, 4, 3, 8),)),
        ("[1, 2, 3, 4]", ((1, 4, 3, 8),)),
        ("1 2 3 4", ((1, 4, 3, 8),)),
        ("[[1, 2], [3, 4]]", ((1, 4, 3, 8),)),
        ("[[3, 4, 1, 2]]", ((1, 4, 3, 8),)),
        ("[[-5, 0, 5000, 1]]", ((0, 0, 999, 2),)),
        ("[[1, 2, 3], [1, 2, 3, 4]", ((1, 4, 3, 8),)),
        ("__import__('os').abort()", ()),
        ("", ()),
    ],
)
def test_whatever_is_wrong_with_a_det_boxes_are_found_and_text_stays(det: str, boxes: object) -> None:
    markdown, blocks = parse(f"before\n<|ref|>text<|/ref|><|det|>{det}<|/det|>\nafter")
    assert markdown == "before\nafter"
    assert [block.boxes for block in blocks] == [boxes]


@pytest.mark.parametrize(
    ("raw", "markdown"),
    [
        ("<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]\nafter", "after"),
        ("<|ref|>text<|/ref|><|det|>[[1, 2, 3\nafter", "after"),
        ("<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]] after", " after"),
        ("<|det|>[[1, 2, 3, 4]] [a link](there)", " [a link](there)"),
        ("<|ref|>text<|/ref|><|det|>[[1, <|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nafter", "after"),
        ("<|ref|>text<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nafter", "after"),
        ("<|ref|>text<|/ref|>after", "after"),
        ("before <|/ref|><|/det|>after", "before after"),
        ("before<｜end▁of▁sentence｜>", "before"),
        ("before<|end_of_sentence|>", "before"),
        ("a < b <| c <|re", "a < b <| c "),
        ("a <", "a <"),
        ("before<|ref|>ima", "before"),
        ("before\n<|ref|>image<|/ref|><|det|>[[1, 2, 3, 4]]<", "before\n![](images/1.jpg)\n"),
        ("a\nb <|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nc", "a\nb \nc"),
    ],
)
def test_broken_markup_takes_no_text_with_it(raw: str, markdown: str) -> None:
    assert parse(raw)[0] == markdown


def test_text_that_stands_in_the_ref_itself_is_text() -> None:
    markdown, blocks = parse(
        "<|ref|>Invoice 45<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\n"
        "<|ref|>total<|/ref|><|det|>[[5, 6, 7, 8]]<|/det|>\n<|ref|>12,50<|/ref|><|det|>[[5, 6, 7, 8]]<|/det|>"
    )
    assert markdown == "Invoice 45\ntotal\n12,50"
    assert [(block.label, block.text) for block in blocks] == [
        ("text", "Invoice 45"),
        ("text", "total"),
        ("text", "12,50"),
    ]


def test_an_unknown_label_with_text_of_its_own_is_a_label() -> None:
    markdown, blocks = parse("<|ref|>side_note<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nnote")
    assert (markdown, blocks[0].label) == ("note", "side_note")


def test_text_is_given_out_as_soon_as_it_comes() -> None:
    parser = GroundingParser(999, 999)
    assert parser.feed("<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4]]<|/det|>\nHel") == "Hel"
    assert parser.feed("lo <") == "lo "
    assert parser.feed("b>") == "<b>"


@given(DOCUMENT, st.data())
def test_how_the_output_is_cut_into_pieces_changes_nothing(parts: list[str], data: st.DataObject) -> None:
    raw = "".join(parts)
    cuts = data.draw(st.lists(st.integers(min_value=0, max_value=len(raw)), max_size=20))
    assert parse(raw, *cuts) == parse(raw)
    assert parse(raw, *range(len(raw))) == parse(raw)


@given(st.lists(st.one_of(st.tuples(st.just(True), TEXT), st.tuples(st.just(False), MARKUP)), max_size=12))
def test_every_character_outside_markup_comes_out(parts: list[tuple[bool, str]]) -> None:
    # A full stop keeps two texts from making a tag together.
    raw = "".join(part if is_text else f".{part}." for is_text, part in parts)
    text = "".join(part if is_text else ".." for is_text, part in parts)
    assert visible(parse(raw + ".")[0]) == visible(text + ".")


@given(TEXT, BROKEN, TEXT)
def test_text_around_broken_markup_comes_out(before: str, broken: str, after: str) -> None:
    assert visible(parse(f"{before}.\n{broken}\n.{after}.")[0]) == visible(f"{before}..{after}.")


@pytest.mark.parametrize("start", ["<|ref|>", "<|det|>", "<|det|>[[", "<|ref|>text<|/ref|><|det|>[[1, 2, 3, 4], "])
def test_a_tag_that_never_closes_holds_little_back(start: str) -> None:
    parser = GroundingParser(999, 999)
    text = "words and words " * 1000
    assert len(text) - len(parser.feed(start + text)) < 1100


def test_a_gigantic_det_is_read_in_linear_time_and_bounded_memory() -> None:
    raw = "<|ref|>image<|/ref|><|det|>[" + "[1, 2, 3, 4], " * 100_000 + "]<|/det|>\nafter"
    started = time.process_time()
    markdown, blocks = parse(raw)
    assert time.process_time() - started < 20
    assert markdown.endswith("after")
    assert len(blocks[0].boxes) == markdown.count("![]") == 500


def test_real_outputs_go_through_without_a_lost_character(shared: Path) -> None:
    files = sorted((shared / "testdata/deepseek").glob("*.txt"))
    assert len(files) >= 8
    for path in files:
        raw = path.read_text()
        markdown, blocks = parse(raw)
        known = re.sub(r"<\|ref\|>.*?<\|/ref\|><\|det\|>.*?(<\|/det\|>|<?$)", "", raw)
        assert visible(markdown) == visible(known), path.name
        assert len(blocks) == raw.count("<|ref|>"), path.name
        assert all(block.boxes for block in blocks), path.name
        assert parse(raw, *range(len(raw))) == (markdown, blocks), path.name
