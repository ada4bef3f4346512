"""A PDF of JPEG pictures, one a page, written as they come: none but the current one is in memory."""

from collections.abc import Iterable
from typing import BinaryIO, Final

PIXELS_PER_POINT: Final = 150 / 72


def write(out: BinaryIO, pictures: Iterable[tuple[bytes, int, int]]) -> None:
    """Write pictures (RGB JPEG, width and height in pixels) into a file that is empty (PDF 1.4, ISO 32000)."""
    starts: dict[int, int] = {}

    def put(number: int, body: bytes) -> None:
        starts[number] = out.tell()
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    pages = []
    for place, (jpeg, width, height) in enumerate(pictures):
        page = 3 + 3 * place
        pages.append(page)
        shown = b"%.2f %.2f" % (width / PIXELS_PER_POINT, height / PIXELS_PER_POINT)
        drawing = b"q %s 0 0 cm /I Do Q" % shown.replace(b" ", b" 0 0 ")
        parts = b"/Parent 2 0 R /MediaBox [0 0 %s] /Resources << /XObject << /I %d 0 R >> >>" % (shown, page + 2)
        put(page, b"<< /Type /Page %s /Contents %d 0 R >>" % (parts, page + 1))
        put(page + 1, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing))
        kind = b"/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode"
        size = b"/Width %d /Height %d /Length %d" % (width, height, len(jpeg))
        put(page + 2, b"<< %s %s >>\nstream\n%s\nendstream" % (kind, size, jpeg))
    put(1, b"<< /Type /Catalog /Pages 2 0 R >>")
    put(2, b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(b"%d 0 R" % page for page in pages)))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(starts) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % starts[number] for number in sorted(starts)))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(starts) + 1, table))
