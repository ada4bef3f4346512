"""Pictures become pages."""

import io

import pypdfium2

from tasks import pictures_pdf
from tests.conftest import picture


def test_each_picture_is_a_page_of_its_size_and_colour() -> None:
    sizes = [(300, 150), (150, 600)]
    out = io.BytesIO()
    pictures_pdf.write(out, ((picture(*size, seed=9, form="JPEG"), *size) for size in sizes))
    document = pypdfium2.PdfDocument(out.getvalue())
    assert [page.get_size() for page in document] == [(144, 72), (72, 288)]
    pixels = document[1].render(scale=1, rev_byteorder=True).to_numpy()
    assert abs(int(pixels[100, 30, 1]) - 246) < 4
    document.close()
