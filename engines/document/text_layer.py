"""A PDF's own text: its words as lines, and whether they can be trusted.

A text layer may be worse than none: fonts without a usable encoding, the stamp of some program on a scan, or what an
old OCR program put behind the picture. Each check costs next to nothing beside reading the page again.
"""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.document.classic_lines import Line, area, around, join_pieces, shared, tidy
from engines.document.layout import Region
from engines.document.page import TextLayer
from engines.document.types import Box

Pixels = NDArray[np.uint8]

# Words on one row are one line while the white between them is at most so many sizes of their letters wide ...
GAP: Final = 1.0
# ... and Chinese words have a space between them if it is more than this.
SPACE: Final = 0.3
BOLD: Final = 600
# Shares above which, or below which, a layer is not trusted.
BROKEN: Final = 0.05
OUTSIDE: Final = 0.2
INKED: Final = 0.7
ODD: Final = 0.3
UNCOVERED: Final = 0.3
# A page that is mostly a picture, with fewer letters than this, is a scan with a stamp on it.
PICTURE: Final = 0.5
FEW: Final = 200
# Words that are looked at for ink.
SAMPLE: Final = 200
CONTRAST: Final = 32

_PLAIN: Final = re.compile(
    r"[(\[{<“\"'‘«*§$€£¥~±≤≥<>-]*\w[\w'’.,:;/%@&+#°^*()–—-]*[)\]}>”\"'’».,;:!?…%*†‡]*|[-–—=+•·…/&]+"
)
_READABLE: Final = ("text", "title", "table", "reference")


def lines_of(layer: TextLayer) -> list[Line]:
    """The words of a text layer as lines, in the layer's order; wide gaps part them."""
    lines: list[list[Line]] = []
    for word in layer.words:
        text = tidy(word.text).strip()
        if not text:
            continue
        piece = Line(text, word.box, word.size or word.box[3] - word.box[1], (word.weight or 0) >= BOLD)
        if lines and _goes_on(lines[-1][-1], piece):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [_join(pieces) for pieces in lines]


def fault(lines: Sequence[Line], pixels: Pixels) -> str | None:
    """Why a text layer cannot be trusted, as a sentence; None where nothing is wrong with its words.

    Args:
        lines: of the layer.
        pixels: uint8 [h, w, 3] RGB, the page.
    """
    text = "".join(line.text for line in lines)
    if not text:
        return "The page has no text of its own."
    if sum(map(_is_broken, text)) > BROKEN * len(text):
        return "The text layer's fonts have no usable encoding."
    height, width = pixels.shape[:2]
    page = (0.0, 0.0, float(width), float(height))
    outside = sum(len(line.text) for line in lines if shared(line.box, page) < 0.5 * area(line.box))
    if outside > OUTSIDE * len(text):
        return "The text layer lies outside the page."
    if _inked_share(lines, pixels) < INKED:
        return "The text layer does not lie on what can be seen."
    words = " ".join(line.text for line in lines).split()
    if len(words) >= 8 and sum(not _PLAIN.fullmatch(word) for word in words) > ODD * len(words):
        return "The text layer reads like a poor OCR."
    return None


def leaves_out(lines: Sequence[Line], regions: Sequence[Region], page: Box) -> str | None:
    """Why a text layer is less than what the page shows, as a sentence; None where it is all of it.

    Args:
        lines: of the layer.
        regions: that the layout network sees.
        page: the whole page.
    """
    readable = [region.box for region in regions if region.kind in _READABLE]
    silent = [box for box in readable if not any(shared(line.box, box) > 0.3 * area(line.box) for line in lines)]
    if sum(map(area, silent)) > UNCOVERED * sum(map(area, readable)):
        return "The text layer leaves out text that can be seen."
    pictures = sum(area(region.box) for region in regions if region.kind == "figure")
    if pictures > PICTURE * area(page) and sum(len(line.text) for line in lines) < FEW:
        return "The page is a picture with little text of its own."
    return None


def _goes_on(before: Line, word: Line) -> bool:
    size = max(before.size, word.size)
    common = min(before.box[3], word.box[3]) - max(before.box[1], word.box[1])
    low = min(before.box[3] - before.box[1], word.box[3] - word.box[1])
    return common >= 0.5 * low and -0.5 * size <= word.box[0] - before.box[2] <= GAP * size


def _join(pieces: Sequence[Line]) -> Line:
    text = pieces[0].text
    for before, piece in pairwise(pieces):
        apart = piece.box[0] - before.box[2] > SPACE * piece.size
        text = f"{text} {piece.text}" if apart else join_pieces([text, piece.text])
    longest = max(pieces, key=lambda piece: len(piece.text))
    words = tuple((piece.text, piece.box) for piece in pieces)
    return Line(text, around(piece.box for piece in pieces), longest.size, all(p.bold for p in pieces), words)


def _is_broken(mark: str) -> bool:
    # Bullets of symbol fonts live in the private area, and are known by their place there.
    return mark == "\ufffd" or (unicodedata.category(mark) in ("Co", "Cn") and not "\uf020" <= mark <= "\uf0ff")


def _inked_share(lines: Sequence[Line], pixels: Pixels) -> float:
    """Share of the lines under which there is something to see, of at most `SAMPLE` of them."""
    height, width = pixels.shape[:2]
    sample = lines[:: -(-len(lines) // SAMPLE)]
    seen = 0
    for line in sample:
        left, top, right, bottom = line.box
        columns = slice(max(0, int(left) - 1), min(width, int(right) + 2))
        part = pixels[max(0, int(top) - 1) : min(height, int(bottom) + 2), columns]
        if part.size:
            gray = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)
            seen += int(gray.max()) - int(gray.min()) >= CONTRAST
    return seen / len(sample)
