"""DeepSeek-OCR's output -> clean Markdown and blocks, while it streams.

The model writes `<|ref|>label<|/ref|><|det|>[[x1, y1, x2, y2], ...]<|/det|>` and then the text of that region,
coordinates from 0 to 999 across the whole picture (README of deepseek-ai/DeepSeek-OCR). Asked to `OCR this image` or to
locate something, it writes the text itself in place of the label. Every mark outside the markup comes out again,
however the markup is broken; only the line break that ends a line of nothing but markup goes with it.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from engines.document.coordinates import LAST, Coordinates
from engines.document.types import Block, Box

FIGURE: Final = "image"
# Names of regions. What else stands in a `ref` is text of the page, except a word with text of its own behind it.
# fmt: off
LABELS: Final = frozenset({
    "title", "sub_title", "text", "list", "table", "table_caption", "table_footnote", "image", "image_caption",
    "image_footnote", "figure", "figure_caption", "chart", "equation", "formula", "code", "header", "footer",
    "page_number", "footnote", "reference", "seal",
})
# fmt: on
LONGEST_LABEL: Final = 1000

REF, REF_END, DET, DET_END = "<|ref|>", "<|/ref|>", "<|det|>", "<|/det|>"
# Tokens without a meaning for a reader, as the tokenizer spells them and as programs that normalise text do.
MUTE: Final = (
    "<|grounding|>",
    *(f"<{bar}{name}{bar}>" for name in ("end▁of▁sentence", "begin▁of▁sentence", "▁pad▁") for bar in "｜|"),
    "<|end_of_sentence|>",
    "<|begin_of_sentence|>",
)
_TAGS: Final = (REF, REF_END, DET, DET_END, *MUTE)
_TAG: Final = re.compile(f"({'|'.join(map(re.escape, _TAGS))})")
_BEGINNINGS: Final = frozenset(tag[:length] for tag in _TAGS for length in range(1, len(tag)))
_LONGEST: Final = max(map(len, _TAGS))
_WORD: Final = re.compile(r"[a-z]+(?:_[a-z]+)*")


@dataclass(slots=True)
class _Open:
    """A block that may still grow.

    Attributes:
        word: what its `ref` says, if that may be a label or text; known when text follows, or does not.
        blank: white space that waits for the same.
        written: whether text came after its `ref`; a `det` behind that is not its own.
    """

    label: str
    boxes: list[Box] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    figure: int | None = None
    word: str = ""
    blank: str = ""
    written: bool = False

    def close(self) -> Block:
        return Block(self.label, tuple(self.boxes), "".join(self.pieces).strip(), self.figure)


class GroundingParser:
    """The parser of one page; how its input is cut into pieces changes nothing. Not thread safe."""

    def __init__(self, width: int, height: int) -> None:
        """Take the size of the page's picture in pixels."""
        self._scale = (width / LAST, height / LAST)
        self._held = ""
        self._label: str | None = None
        self._det: Coordinates | None = None
        self._blocks: list[_Open] = []
        self._figures = 0
        self._out: list[str] = []
        self._at_line_start = True
        self._ends_markup = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Regions so far, in the order of the text."""
        return tuple(block.close() for block in self._blocks)

    def feed(self, raw: str) -> str:
        """The Markdown that is certain after a further piece of raw output."""
        raw = self._held + raw
        # Only the last `<` can begin a tag that is not whole yet.
        start = raw.rfind("<", max(0, len(raw) - _LONGEST))
        cut = start if start >= 0 and raw[start:] in _BEGINNINGS else len(raw)
        raw, self._held = raw[:cut], raw[cut:]
        for piece in _TAG.split(raw):
            if piece in _TAGS:
                self._tag(piece)
            elif piece:
                self._text(piece)
        return self._take()

    def finish(self) -> str:
        """What was held back; a tag that was cut off is none of it."""
        if self._held == "<" and self._det is None:
            self._text("<")
        self._held = ""
        label, self._label = self._label, None
        if label is not None and not any(known.startswith(label.strip()) for known in LABELS):
            self._write(label)
        self._break_off()
        self._settle()
        return self._take()

    def _take(self) -> str:
        delta = "".join(self._out)
        self._out.clear()
        return delta

    def _tag(self, tag: str) -> None:
        if tag == DET_END:
            if self._det is not None:
                self._det.end()
                self._place()
            return
        if tag in MUTE:
            return
        self._break_off()
        if self._label is not None:
            self._name(tag)
        if tag == REF:
            self._label = ""
        elif tag == DET:
            self._det = Coordinates()

    def _text(self, piece: str) -> None:
        if self._label is not None:
            self._label += piece
            if len(self._label) > LONGEST_LABEL:
                piece, self._label = self._label, None
                self._write(piece)
        elif self._det is not None:
            rest = self._det.read(piece)
            if rest is not None:
                self._place()
                self._write(rest)
        else:
            self._write(piece)
            if self._blocks and piece.strip():
                self._blocks[-1].written = True

    def _name(self, tag: str) -> None:
        """The `ref` is over: begin its block."""
        raw, self._label = self._label or "", None
        label = raw.strip()
        if tag == REF:  # it was not closed: no block, and only text of it is kept
            self._write("" if label in LABELS else raw)
            return
        self._settle()
        if label in LABELS:
            self._blocks.append(_Open(label))
        elif _WORD.fullmatch(label):
            self._blocks.append(_Open(label, word=label))
        else:
            self._blocks.append(_Open("text"))
            self._write(label)

    def _place(self) -> None:
        """The `det` is over: its boxes belong to the `ref` right before, or to a block of their own."""
        found, self._det = self._det, None
        boxes = [self._to_pixels(box) for box in found.boxes] if found else []
        block = self._blocks[-1] if self._blocks else None
        if block is None or block.boxes or block.written:
            self._settle()
            block = _Open("text")
            self._blocks.append(block)
        block.boxes = boxes
        if block.label == FIGURE and boxes:
            block.figure = self._figures + 1
            numbers = range(block.figure, block.figure + len(boxes))
            self._figures += len(boxes)
            self._write("".join(f"![](images/{number}.jpg)\n" for number in numbers))
        self._ends_markup = self._at_line_start and not block.figure

    def _break_off(self) -> None:
        """End a `det` that has no end."""
        if self._det is not None:
            rest = self._det.give_up()
            self._place()
            self._write(rest)

    def _settle(self) -> None:
        """The block before is over: what stands alone in a `ref` was text."""
        if self._blocks and self._blocks[-1].word:
            block = self._blocks[-1]
            word, block.word, block.label = block.word, "", "text"
            blank, block.blank = block.blank, ""
            self._write(word + blank)

    def _write(self, text: str) -> None:
        block = self._blocks[-1] if self._blocks else None
        if block and block.word:
            if not text.strip():
                block.blank += text
                return
            text, block.blank, block.word = block.blank + text, "", ""
        if self._ends_markup and text:
            self._ends_markup = False
            text = text.removeprefix("\n")
        if not text:
            return
        self._at_line_start = text.endswith("\n")
        self._out.append(text)
        if block:
            block.pieces.append(text)

    def _to_pixels(self, box: Box) -> Box:
        (x, y), (x1, y1, x2, y2) = self._scale, box
        return round(x1 * x, 2), round(y1 * y, 2), round(x2 * x, 2), round(y2 * y, 2)
