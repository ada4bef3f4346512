"""The program that opens one PDF: a request is a JSON line on stdin, its answer a JSON line and bytes on stdout.

It holds nothing but the file, so that a page that crashes it, hangs it or eats its memory harms nothing else. It
imports nothing of ours, and so starts in a tenth of a second; it ends by itself when nobody writes any more.
"""

import ctypes
import json
import resource
import signal
import sys
from typing import Any, BinaryIO, Final

import pypdfium2
import pypdfium2.raw as c

MEMORY_BYTES: Final = 4 * 2**30
MOST_CHARACTERS: Final = 200_000
POINTS_PER_INCH: Final = 72
MOST_DPI: Final = 300
# What PDFium gives for the hyphen at the end of a line, now and in former releases.
HYPHENS: Final = (0x2, 0xFFFE)
UNKNOWN: Final = (0, 0xFFFF)

Box = tuple[float, float, float, float]


def main() -> None:
    """Serve until stdin ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    # Ctrl-C in a terminal reaches the whole group, and is for our parent to act on.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    document: pypdfium2.PdfDocument | None = None
    for line in sys.stdin.buffer:
        request: dict[str, Any] = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])  # the default is to end us, even inside PDFium
        try:
            if document is None:
                document = _open(request)
            else:
                _render(sys.stdout.buffer, document, request)
        except pypdfium2.PdfiumError as error:
            locked = error.err_code == c.FPDF_ERR_PASSWORD
            _say(sys.stdout.buffer, {"error": "password" if locked else "broken"})
        signal.setitimer(signal.ITIMER_REAL, 0)


def _open(request: dict[str, Any]) -> pypdfium2.PdfDocument:
    document = pypdfium2.PdfDocument(request["path"], password=request["password"])
    # What people filled into a form is as much on the page as the rest, and only then drawn.
    document.init_forms()
    _say(sys.stdout.buffer, {"pages": len(document)})
    return document


def _say(out: BinaryIO, header: dict[str, Any], *bodies: Any) -> None:
    out.write(json.dumps({**header, "bodies": [len(body) for body in bodies]}).encode() + b"\n")
    for body in bodies:
        out.write(body)
    out.flush()


def _render(out: BinaryIO, document: pypdfium2.PdfDocument, request: dict[str, Any]) -> None:
    page = _load(document, request["page"] - 1)
    try:
        width, height = (max(length, 1e-3) for length in page.get_size())
        scale = min(request["side"] / max(width, height), MOST_DPI / POINTS_PER_INCH)
        scale = max(scale, 1 / min(width, height))
        if width * height * scale**2 > request["pixels"]:
            _say(out, {"error": "size", "message": f"{width:g} x {height:g} points"})
            return
        bitmap = page.render(scale=scale, rev_byteorder=True)
        words = _words(page, bitmap.width, bitmap.height)
        size = {"width": bitmap.width, "height": bitmap.height, "stride": bitmap.stride, "channels": bitmap.n_channels}
        _say(out, size, bitmap.buffer, json.dumps(words).encode())
    finally:
        page.close()


def _load(document: pypdfium2.PdfDocument, index: int) -> pypdfium2.PdfPage:
    """A page, with forms and notes made part of it so that their words are words of the page."""
    page = document[index]
    if page.formenv is None or c.FPDFPage_Flatten(page, c.FLAT_NORMALDISPLAY) != c.FLATTEN_SUCCESS:
        return page
    page.close()
    return document[index]


def _words(page: pypdfium2.PdfPage, width: int, height: int) -> list[list[Any]]:
    """Text, box in pixels, font size in pixels and weight of each word of the text layer."""
    layer = page.get_textpage()
    pixels_per_point = height / max(page.get_height(), 1e-3)
    words: list[list[Any]] = []
    goes_on = False
    try:
        for index in range(min(layer.count_chars(), MOST_CHARACTERS)):
            mark = _mark(c.FPDFText_GetUnicode(layer, index))
            box = None if mark.isspace() else _box(page, layer, index, width, height)
            if box is None:
                goes_on = False
            elif goes_on and _joins(words[-1][1], box):
                words[-1][0] += mark
                words[-1][1] = _around(words[-1][1], box)
            else:
                weight = c.FPDFText_GetFontWeight(layer, index)
                size = _size(layer, index) * pixels_per_point
                words.append([mark, box, size, weight if weight > 0 else None])
                goes_on = True
    finally:
        layer.close()
    for word in words:
        # Letters beyond 16 bits come as two.
        word[0] = word[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return words


def _mark(code: int) -> str:
    if code in HYPHENS:
        return "-"
    return "\ufffd" if code in UNKNOWN or code > sys.maxunicode else chr(code)


def _box(page: pypdfium2.PdfPage, layer: pypdfium2.PdfTextPage, index: int, width: int, height: int) -> Box | None:
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
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


def _around(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _size(layer: pypdfium2.PdfTextPage, index: int) -> float:
    """Height of a letter's font in points; the font's nominal size says nothing where the text is scaled."""
    box = c.FS_RECTF()
    return abs(box.top - box.bottom) if c.FPDFText_GetLooseCharBox(layer, index, box) else 0.0


def _joins(before: Box, box: Box) -> bool:
    """Whether a letter goes on with a word: on its row and no further away than a letter is high."""
    size = max(before[3] - before[1], box[3] - box[1], 1.0)
    same_row = min(before[3], box[3]) - max(before[1], box[1]) > -0.5 * size
    return same_row and -size <= box[0] - before[2] <= size


if __name__ == "__main__":
    main()
