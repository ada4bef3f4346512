"""Parts of a page -> blocks of Markdown."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from engines.document.classic_blocks import Part
from engines.document.classic_lines import Line, join_lines, join_row, rows
from engines.document.classic_paragraphs import escape, is_item, paragraphs
from engines.document.types import Block

# Sizes of a heading's letters, in sizes of the page's, for the first and the second level.
FIRST: Final = 1.7
SECOND: Final = 1.3
# A short block of large letters is a heading, also where the network did not say so.
LARGE: Final = 1.3
HEADING_LETTERS: Final = 120

_LABELS: Final = {
    "figure_caption": "image_caption",
    "table_caption": "table_caption",
    "equation": "equation",
    "header": "header",
    "footer": "footer",
}


def write_text(part: Part, body: float) -> list[Block]:
    """Blocks of a part that is text.

    Args:
        part: neither a table nor a picture.
        body: size of the page's letters, pixels.
    """
    if is_heading(part, body):
        size = max(line.size for line in part.lines)
        level = 1 if size >= FIRST * body else 2 if size >= SECOND * body else 3
        text = _joined(part.lines)
        return [Block("title" if level == 1 else "sub_title", (part.box,), "#" * level + " " + text)]
    if part.kind in _LABELS:
        return [Block(_LABELS[part.kind], (part.box,), escape(_joined(part.lines)))]
    texts = paragraphs(part.lines)
    label = "list" if len(texts) > 1 and sum(map(_is_listed, texts)) > len(texts) / 2 else "text"
    return [Block(label, (part.box,), _stack(texts))]


def is_heading(part: Part, body: float) -> bool:
    """Whether a part is a heading: the network says so, or it is short and its letters are large."""
    text = _joined(part.lines)
    if part.kind == "title":
        return len(text) <= 2 * HEADING_LETTERS
    if part.kind != "text" or len(text) > HEADING_LETTERS or len(rows(part.lines)) > 2:
        return False
    large = min(line.size for line in part.lines) >= LARGE * body
    return large and any(mark.isalpha() for mark in text) and not text.endswith((".", "。", ";", "；", ",", "，"))


def write_figure(part: Part, number: int) -> Block:
    """The link to a picture; what is written in it is its alternative text, so that it can be searched for."""
    words = " ".join(line.text for row in rows(part.lines) for line in row)
    alternative = words.replace("[", "(").replace("]", ")").replace("\n", " ")
    return Block("image", (part.box,), f"![{alternative}](images/{number}.jpg)", number)


def _joined(lines: Sequence[Line]) -> str:
    return join_lines([join_row(row).text for row in rows(lines)])


def _is_listed(text: str) -> bool:
    return text.startswith("- ") or is_item(text)


def _stack(texts: Sequence[str]) -> str:
    """Paragraphs one below the other: with an empty line between, but not between items of a list."""
    stacked = texts[0] if texts else ""
    for before, text in pairwise(texts):
        stacked += ("\n" if _is_listed(before) and _is_listed(text) else "\n\n") + text
    return stacked
