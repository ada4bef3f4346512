"""The process that opens one PDF: requests as JSON lines on stdin, answers as a JSON line and bytes on stdout.

It holds nothing but the file, so that a page that crashes it, hangs it or eats its memory harms nothing else.
"""

import contextlib
import ctypes
import json
import resource
import sys
from typing import Any, BinaryIO, Final

import pypdfium2
import pypdfium2.raw as c

MEMORY_BYTES: Final = 4 * 2**30
MOST_CHARACTERS: Final = 200_000
POINTS_PER_INCH: Final = 72
MOST_DPI: Final = 300


def main() -> None:
    """Serve until stdin ends."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    out = sys.stdout.buffer
    document: pypdfium2.PdfDocument | None = None
    for line in sys.stdin.buffer:
        request: dict[str, Any] = json.loads(line)
        try:
            if request["op"] == "open":
                document = pypdfium2.PdfDocument(request["path"], password=request["password"])
                _say(out, {"pages": len(document)})
            elif document is not None:
                _render(out, document, request)
        except pypdfium2.PdfiumError as error:
            wrong = getattr(error, "err_code", None) == c.FPDF_ERR_PASSWORD or "password" in str(error).lower()
            _say(out, {"error": "password" if wrong else "broken", "message": str(error)})
        except MemoryError:
            _say(out, {"error": "broken", "message": "it needs too much memory"})


def _say(out: BinaryIO, header: dict[str, Any], *bodies: bytes) -> None:
    out.write(json.dumps({**header, "bodies": [len(body) for body in bodies]}).encode() + b"\n")
    for body in bodies:
        out.write(body)
    out.flush()


def _render(out: BinaryIO, document: pypdfium2.PdfDocument, request: dict[str, Any]) -> None:
    page = document[request["page"] - 1]
    try:
        width, height = page.get_size()
        scale = min(request["side"] / max(width, height, 1e-3), MOST_DPI / POINTS_PER_INCH)
        scale = max(scale, 1 / max(min(width, height), 1e-3))
        bitmap = page.render(scale=scale, rev_byteorder=True, fill_color=(255, 255, 255, 255), prefer_bgrx=False)
        pixels = bitmap.to_numpy()[..., :3]
        words = _words(page, pixels.shape[1], pixels.shape[0])
        header = {"width": pixels.shape[1], "height": pixels.shape[0]}
        _say(out, header, pixels.tobytes(), json.dumps(words).encode())
    finally:
        page.close()


def _words(page: pypdfium2.PdfPage, width: int, height: int) -> list[list[Any]]:
    """Text, box in pixels, font size in pixels and weight of each word of the text layer."""
    layer = page.get_textpage()
    try:
        words: list[list[Any]] = []
        current: list[Any] | None = None
        for index in range(min(layer.count_chars(), MOST_CHARACTERS)):
            code = c.FPDFText_GetUnicode(layer, index)
            character = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
            if character.isspace() or code in (0, 2, 0xFFFE, 0xFFFF):
                current = None
                continue
            box = _box(page, layer, index, width, height)
            if box is None:
                continue
            if current is not None and _joins(current[1], box):
                current[0] += character
                current[1] = [
                    min(current[1][0], box[0]),
                    min(current[1][1], box[1]),
                    max(current[1][2], box[2]),
                    max(current[1][3], box[3]),
                ]
                continue
            weight = c.FPDFText_GetFontWeight(layer, index)
            size = _size(layer, index) * height / max(page.get_height(), 1e-3)
            current = [character, box, size, weight if weight > 0 else None]
            words.append(current)
        return words
    finally:
        layer.close()


def _box(page: Any, layer: Any, index: int, width: int, height: int) -> list[float] | None:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    if not c.FPDFText_GetCharBox(layer, index, left, right, bottom, top):
        return None
    corners = []
    for x, y in ((left.value, top.value), (right.value, bottom.value)):
        at_x, at_y = ctypes.c_int(), ctypes.c_int()
        # In hundredths of a pixel, since the function gives whole numbers.
        c.FPDF_PageToDevice(page, 0, 0, width * 100, height * 100, 0, x, y, at_x, at_y)
        corners.append((at_x.value / 100, at_y.value / 100))
    (x1, y1), (x2, y2) = corners
    return [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]


def _size(layer: Any, index: int) -> float:
    """Height of a letter's font in points; the font's nominal size says nothing where the text is scaled."""
    box = c.FS_RECTF()
    return abs(box.top - box.bottom) if c.FPDFText_GetLooseCharBox(layer, index, box) else 0.0


def _joins(before: list[float], box: list[float]) -> bool:
    """Whether a letter goes on with a word: on its row and no further away than a letter is high."""
    size = max(before[3] - before[1], box[3] - box[1], 1.0)
    same_row = min(before[3], box[3]) - max(before[1], box[1]) > -0.5 * size
    return same_row and -size <= box[0] - before[2] <= size


if __name__ == "__main__":
    main()
