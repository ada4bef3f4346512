"""dots.ocr's output -> Markdown and blocks, one region after the other while it streams.

The model writes a JSON list of `{"bbox": [x1, y1, x2, y2], "category": ..., "text": ...}`, in pixels of the picture as
its processor resizes it: sides that are multiples of 28, at most 11,289,600 pixels (rednote-hilab/dots.ocr).
"""

import json
import math
import re
from typing import Any, Final

from engines.document.types import Block, Box

PATCH: Final = 28
MOST_PIXELS: Final = 11_289_600
LABELS: Final = {
    "Title": "title",
    "Section-header": "sub_title",
    "Text": "text",
    "List-item": "list",
    "Table": "table",
    "Caption": "image_caption",
    "Formula": "equation",
    "Picture": "image",
    "Page-header": "header",
    "Page-footer": "footer",
    "Footnote": "footnote",
}
# What is not part of the running text.
LEFT_OUT: Final = ("header", "footer")
# A region that is cut off, or whose text is no proper JSON.
_REGION: Final = re.compile(
    r'\{\s*"bbox"\s*:\s*\[(?P<box>[^\]{}"]*)\]\s*,\s*"category"\s*:\s*"(?P<category>[\w-]*)"?'
    r'(?:\s*,\s*"text"\s*:\s*"(?P<text>(?:[^"\\]|\\.)*))?',
    re.DOTALL,
)
# What may be left of a region that was cut off before its text.
_FRAME: Final = re.compile(r"""[\s\d\[\]{}",:'`]|\b(?:bbox|json)\b""")
_ESCAPE: Final = re.compile(r'\\(["\\/nt])')
_DECODER: Final = json.JSONDecoder(strict=False)


class CellParser:
    """The parser of one page; how its input is cut into pieces changes nothing. Not thread safe."""

    def __init__(self, width: int, height: int) -> None:
        """Take the size of the page's picture in pixels."""
        seen_width, seen_height = _as_seen(width, height)
        self._scale = (width / seen_width, height / seen_height)
        self._size = (float(width), float(height))
        self._held = ""
        self._blocks: list[Block] = []
        self._figures = 0
        self._is_empty = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Regions so far, in reading order."""
        return tuple(self._blocks)

    def feed(self, raw: str) -> str:
        """The Markdown of the regions that a further piece makes complete."""
        self._held += raw
        if "}" not in raw:
            return ""
        out: list[str] = []
        while (start := self._held.find("{")) >= 0:
            try:
                cell, end = _DECODER.raw_decode(self._held, start)
            except ValueError:
                break
            self._held = self._held[end:]
            out.append(self._write(cell))
        return "".join(out)

    def finish(self) -> str:
        """What did not come as it should: regions that are broken or cut off, or an answer in plain words."""
        out: list[str] = []
        end = 0
        for match in _REGION.finditer(self._held):
            numbers = [float(number) for number in re.findall(r"\d{1,9}", match["box"])]
            text = _ESCAPE.sub(lambda mark: {"n": "\n", "t": "\t"}.get(mark[1], mark[1]), match["text"] or "")
            out.append(self._write({"bbox": numbers, "category": match["category"], "text": text}))
            end = match.end()
        rest, self._held = self._held[end:].strip(), ""
        if _FRAME.sub("", rest):
            out.append(self._paragraph(rest))
        return "".join(out)

    def _write(self, cell: dict[str, Any]) -> str:
        text, category, box = cell.get("text"), str(cell.get("category", "Text")), self._box(cell.get("bbox"))
        text = text.strip() if isinstance(text, str) else ""
        label = LABELS.get(category, category.lower())
        figure = None
        if label == "image" and box:
            self._figures += 1
            figure = self._figures
            text = f"![](images/{figure}.jpg)" + (f"\n\n{text}" if text else "")
        elif label == "equation" and text and "$" not in text and "\\[" not in text:
            text = f"$$\n{text}\n$$"
        self._blocks.append(Block(label, (box,) if box else (), text, figure))
        return "" if label in LEFT_OUT or not text else self._paragraph(text)

    def _paragraph(self, text: str) -> str:
        first, self._is_empty = self._is_empty, False
        return text if first else "\n\n" + text

    def _box(self, numbers: Any) -> Box | None:
        """In pixels of the page's picture; None where there is no area, or not four numbers."""
        if not isinstance(numbers, list) or len(numbers) != 4 or not all(isinstance(n, int | float) for n in numbers):
            return None
        xs = sorted(min(max(float(number) * self._scale[0], 0.0), self._size[0]) for number in numbers[::2])
        ys = sorted(min(max(float(number) * self._scale[1], 0.0), self._size[1]) for number in numbers[1::2])
        if xs[0] >= xs[1] or ys[0] >= ys[1]:
            return None
        return round(xs[0], 2), round(ys[0], 2), round(xs[1], 2), round(ys[1], 2)


def _as_seen(width: int, height: int) -> tuple[int, int]:
    """The size to which the model's processor resizes a picture."""
    seen = [max(PATCH, round(side / PATCH) * PATCH) for side in (width, height)]
    if seen[0] * seen[1] > MOST_PIXELS:
        shrink = math.sqrt(MOST_PIXELS / (width * height))
        seen = [max(PATCH, math.floor(side * shrink / PATCH) * PATCH) for side in (width, height)]
    return seen[0], seen[1]
