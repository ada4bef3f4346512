"""Small PDFs with a text layer, written by hand."""

from collections.abc import Mapping, Sequence

A4 = "0 0 595 842"
TOO_LONG = "0 0 .001 999999"
"""The box of a page that is no picture."""


def pdf(pages: Sequence[Sequence[str]], boxes: Mapping[int, str] | None = None) -> bytes:
    """Pages of lines in Helvetica, 12 points, 24 points apart; A4 but for those, from 1, whose `boxes` are given."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    for number, lines in enumerate(pages):
        shown = "".join(f"1 0 0 1 72 {760 - 24 * row} Tm ({_safe(line)}) Tj\n" for row, line in enumerate(lines))
        content = f"BT /F1 12 Tf\n{shown}ET".encode("latin-1")
        box = (boxes or {}).get(number + 1, A4)
        parts = f"/Type /Page /Parent 2 0 R /MediaBox [{box}] /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< {parts} /Contents {5 + 2 * number} 0 R >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    out = bytearray(b"%PDF-1.4\n")
    starts = []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % start for start in starts)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def _safe(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
