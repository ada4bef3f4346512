"""dots.ocr's JSON, for a page of 1000 x 1400 pixels that the model sees as 1008 x 1400."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.document.cells import CellParser
from engines.document.types import Block

CELLS = [
    {"bbox": [504, 10, 1008, 20], "category": "Page-header", "text": "Annual report"},
    {"bbox": [0, 30, 504, 60], "category": "Title", "text": '# A {title} with "marks" \\ 中'},
    {"bbox": [0, 70, 504, 90], "category": "Picture"},
    {"bbox": [0, 100, 504, 140], "category": "Formula", "text": "E = mc^2"},
    {"bbox": [0, 150, 504, 190], "category": "Table", "text": "<table><tr><td>1</td></tr></table>"},
]
MARKDOWN = (
    '# A {title} with "marks" \\ 中\n\n![](images/1.jpg)\n\n$$\nE = mc^2\n$$\n\n<table><tr><td>1</td></tr></table>'
)


def parse(raw: str, *cuts: int) -> tuple[str, tuple[Block, ...]]:
    parser = CellParser(1000, 1400)
    edges = sorted({0, *cuts, len(raw)})
    deltas = [parser.feed(raw[start:end]) for start, end in pairwise(edges)]
    return "".join(deltas) + parser.finish(), parser.blocks


def test_regions_become_markdown_in_their_order_without_running_heads() -> None:
    markdown, blocks = parse(json.dumps(CELLS))
    assert markdown == MARKDOWN
    assert [block.label for block in blocks] == ["header", "title", "image", "equation", "table"]
    assert [block.figure for block in blocks] == [None, None, 1, None, None]


def test_boxes_are_in_pixels_of_the_page_not_of_what_the_model_sees() -> None:
    _, blocks = parse(json.dumps(CELLS))
    assert blocks[0].boxes == ((500.0, 10.0, 1000.0, 20.0),)


@given(st.lists(st.integers(min_value=0, max_value=600), max_size=20))
def test_how_the_output_is_cut_into_pieces_changes_nothing(cuts: list[int]) -> None:
    raw = json.dumps(CELLS, ensure_ascii=False, indent=1)
    assert parse(raw, *(cut for cut in cuts if cut < len(raw))) == parse(raw)


def test_a_region_is_given_out_when_it_is_complete() -> None:
    parser = CellParser(1000, 1400)
    assert parser.feed('[{"bbox": [1, 2, 3, 4], "category": "Text", "text": "one"') == ""
    assert parser.feed("},") == "one"


@pytest.mark.parametrize(
    ("raw", "markdown"),
    [
        ('[{"bbox": [1, 2, 3, 4], "category": "Text", "text": "one\\ntwo, cut o', "one\ntwo, cut o"),
        ('[{"bbox": [1, 2, 3, 4], "category": "Formula", "text": "\\alpha"}, {"bbox": [1, 2', "$$\n\\alpha\n$$"),
        ('```json\n[{"bbox": [1, 2, 3, 4], "category": "Text", "text": "fenced"}]\n```', "fenced"),
        ('[{"bbox": "none", "category": "Text", "text": "no box"}]', "no box"),
        ('[{"bbox": [1, 1, 1, 1], "category": "Picture"}]', ""),
        ("This page is empty.", "This page is empty."),
        ("[]", ""),
    ],
)
def test_broken_output_loses_no_text(raw: str, markdown: str) -> None:
    assert parse(raw)[0] == markdown
