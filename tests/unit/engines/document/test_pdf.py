"""PDFs, rendered in a process of their own; A4 pages of 595 x 842 points, lines in 12 points."""

import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from engines.document.errors import DocumentError, PdfBroken, PdfEncrypted, PdfTooLarge
from engines.document.page import Page, Word
from engines.pdf import PdfDocument, page_numbers
from tests.conftest import until
from tests.pdfs import pdf

PASSWORD = "paperless-ngx_password-is-test.pdf"
BROKEN = "OCRmyPDF_invalid.pdf"


def write(folder: Path, data: bytes) -> Path:
    path = folder / "document.pdf"
    path.write_bytes(data)
    return path


def add_objects(data: bytes, *objects: bytes) -> bytes:
    """A PDF with more objects; its table of them is dropped, which readers repair."""
    body, count = data[: data.index(b"xref\n0")], data.count(b" 0 obj")
    more = b"".join(b"%d 0 obj\n%s\nendobj\n" % (count + 1 + index, item) for index, item in enumerate(objects))
    return body + more + b"trailer << /Size %d /Root 1 0 R >>\n" % (count + len(objects) + 1)


def stream(head: bytes, content: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(content), content)


def words(page: Page) -> list[str]:
    assert page.text_layer is not None
    return [word.text for word in page.text_layer.words]


def first_word(page: Page) -> Word:
    assert page.text_layer is not None
    return page.text_layer.words[0]


def darkest(page: Page, word: Word) -> int:
    left, top, right, bottom = (round(edge) for edge in word.box)
    return int(page.image.pixels[top : bottom + 1, left : right + 1].min())


def child_of(document: PdfDocument) -> psutil.Process:
    assert document._process is not None
    return psutil.Process(document._process.pid)


def slow_page() -> bytes:
    """Two pages; the first one draws a square 2 ** 24 times, by forms that each draw the next one twice."""
    data = pdf([["slow"], ["quick"]])
    head = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]"
    names = [b"/Resources << /XObject << /N %d 0 R >> >>" % (9 + level) for level in range(24)]
    forms = [stream(b"%s %s" % (head, name), b"/N Do /N Do") for name in names]
    data = data.replace(b"/Contents 5 0 R", b"/Contents [5 0 R 33 0 R]", 1)
    data = data.replace(b"/Resources << ", b"/Resources << /XObject << /N 8 0 R >> ", 1)
    return add_objects(data, *forms, stream(head, b"10 10 50 50 re f"), stream(b"", b"/N Do"))


def test_a_page_is_a_picture_with_words_in_its_pixels(tmp_path: Path) -> None:
    with PdfDocument.open(write(tmp_path, pdf([["Invoice 45"], ["second"]]))) as document:
        assert document.pages == 2
        page = document.render(1, 842)
        assert (page.image.width, page.image.height, page.image.pixels.shape) == (595, 842, (842, 595, 3))
        assert words(page) == ["Invoice", "45"]
        left, top, right, bottom = first_word(page).box
        # On the base line 760 points above the lower edge.
        assert (left, right, bottom) == pytest.approx((73, 110, 842 - 760), abs=2)
        assert bottom - top == pytest.approx(9, abs=2)
        assert first_word(page).size == pytest.approx(12, abs=3)
        assert words(document.render(2, 842)) == ["second"]


def test_pixels_can_be_written_and_belong_to_their_page_alone(tmp_path: Path) -> None:
    with PdfDocument.open(write(tmp_path, pdf([["one"]]))) as document:
        page = document.render(1, 801)
        page.image.pixels[:] = 0
        assert page.image.pixels.flags.c_contiguous
        assert document.render(1, 801).image.pixels.any()


def test_a_small_page_is_drawn_at_300_dpi_at_most(tmp_path: Path) -> None:
    data = pdf([["x"]]).replace(b"[0 0 595 842]", b"[0 0 144 72]")
    with PdfDocument.open(write(tmp_path, data)) as document:
        assert document.render(1, 2000).image.pixels.shape == (300, 600, 3)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_words_are_where_they_are_seen_on_turned_and_cropped_pages(tmp_path: Path, turn: int) -> None:
    box = b"/Rotate %d /CropBox [50 400 595 842] /MediaBox [0 0 595 842]" % turn
    data = pdf([["Invoice"]]).replace(b"/MediaBox [0 0 595 842]", box)
    with PdfDocument.open(write(tmp_path, data)) as document:
        page = document.render(1, 1000)
        wide = page.image.width > page.image.height
        assert wide == (turn % 180 == 0)
        assert "".join(words(page)) == "Invoice"
        assert page.text_layer is not None
        assert all(darkest(page, word) < 100 for word in page.text_layer.words)


def test_a_hyphen_at_the_end_of_a_line_stays(tmp_path: Path) -> None:
    with PdfDocument.open(write(tmp_path, pdf([["an exam-", "ple"]]))) as document:
        assert words(document.render(1, 800)) == ["an", "exam-", "ple"]


def test_letters_beyond_16_bits_and_letters_without_a_meaning(tmp_path: Path) -> None:
    table = b"1 begincodespacerange <00> <FF> endcodespacerange 2 beginbfchar <41> <D842DFB7> <42> <0000> endbfchar"
    data = pdf([["A B"]]).replace(b"/WinAnsiEncoding >>", b"/WinAnsiEncoding /ToUnicode 6 0 R >>")
    with PdfDocument.open(write(tmp_path, add_objects(data, stream(b"", b"begincmap\n" + table)))) as document:
        assert words(document.render(1, 800))[0] == "\U00020bb7"


def test_what_was_filled_into_a_form_is_seen_and_read(tmp_path: Path) -> None:
    data = pdf([["Name:"]]).replace(b"/Type /Catalog", b"/Type /Catalog /AcroForm << /Fields [6 0 R] >>")
    data = data.replace(b"/Type /Page /Parent", b"/Type /Page /Annots [6 0 R] /Parent")
    look = b"/Type /XObject /Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /F1 3 0 R >> >>"
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (n) /V (Ada) /F 4 /Rect [200 755 300 775] /AP << /N 7 0 R >> >>"
    )
    data = add_objects(data, field, stream(look, b"BT /F1 12 Tf 2 5 Td (Ada) Tj ET"))
    with PdfDocument.open(write(tmp_path, data)) as document:
        page = document.render(1, 1000)
        assert words(page) == ["Name:", "Ada"]
        assert darkest(page, page.text_layer.words[1]) < 100  # type: ignore[union-attr]


@pytest.mark.parametrize("data", [b"", b"words", b"%PDF-1.4\n%%EOF", pdf([["x"]])[:200], pdf([])])
def test_what_is_no_pdf_or_has_no_pages_is_a_clear_error(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(PdfBroken, match="PDF"):
        PdfDocument.open(write(tmp_path, data))


def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PdfBroken):
        PdfDocument.open(tmp_path / "nothing.pdf")


def test_a_pdf_whose_table_is_damaged_is_repaired(tmp_path: Path) -> None:
    with PdfDocument.open(write(tmp_path, pdf([["still here"]]).replace(b"startxref", b"startxxxx"))) as document:
        assert words(document.render(1, 800)) == ["still", "here"]


def test_too_many_pages_are_refused_before_any_is_drawn(tmp_path: Path) -> None:
    path = write(tmp_path, pdf([["x"]] * 3))
    with pytest.raises(PdfTooLarge, match="3 pages, 2 is the most") as caught:
        PdfDocument(path, most_pages=2)
    assert caught.value.hint


def test_a_page_that_is_a_thread_is_refused_and_no_gigabytes_are_drawn(tmp_path: Path) -> None:
    data = pdf([["x"]]).replace(b"[0 0 595 842]", b"[0 0 .001 200000]")
    with PdfDocument.open(write(tmp_path, data)) as document, pytest.raises(PdfTooLarge, match="thin"):
        document.render(1, 1600)


@pytest.mark.parametrize("number", [0, -1, 3])
def test_a_page_that_is_not_there_is_a_clear_error(tmp_path: Path, number: int) -> None:
    with PdfDocument.open(write(tmp_path, pdf([["x"]] * 2))) as document:
        with pytest.raises(PdfTooLarge, match=f"not page {number}"):
            document.render(number, 800)
        assert words(document.render(2, 800)) == ["x"]


def test_a_page_that_takes_too_long_costs_that_page_only(tmp_path: Path) -> None:
    with PdfDocument(write(tmp_path, slow_page()), page_s=1.5) as document:
        with pytest.raises(PdfBroken, match=re.escape("it took over 1.5 s")):
            document.render(1, 1600)
        assert words(document.render(2, 800)) == ["quick"]


def test_a_crash_of_the_reading_program_costs_the_page_that_it_reads(tmp_path: Path) -> None:
    with PdfDocument.open(write(tmp_path, slow_page())) as document, ThreadPoolExecutor(1) as thread:
        child = child_of(document)
        idle = child.cpu_times().user
        page = thread.submit(document.render, 1, 800)
        until(lambda: child.cpu_times().user > idle + 0.2, what="the work on the page")
        child.send_signal(signal.SIGSEGV)
        with pytest.raises(PdfBroken, match="broke down"):
            page.result(timeout=30)
        assert words(document.render(2, 800)) == ["quick"]


def test_a_crash_between_two_pages_costs_none(tmp_path: Path) -> None:
    with PdfDocument.open(write(tmp_path, pdf([["one"], ["two"]]))) as document:
        child = child_of(document)
        child.kill()
        until(lambda: child.status() == psutil.STATUS_ZOMBIE, what="the crash")
        assert words(document.render(2, 800)) == ["two"]


def test_nothing_runs_on_when_a_document_is_closed(tmp_path: Path) -> None:
    with PdfDocument.open(write(tmp_path, pdf([["one"]]))) as document:
        child = child_of(document)
        assert child.is_running()
    assert not child.is_running()


def test_nothing_runs_on_when_our_own_process_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from engines.pdf import PdfDocument\n"
        "document = PdfDocument.open(Path(sys.argv[1])); print(document._process.pid, flush=True); time.sleep(600)"
    )
    path = write(tmp_path, pdf([["one"]]))
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE) as ours:
        assert ours.stdout is not None
        child = psutil.Process(int(ours.stdout.readline()))
        ours.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, what="the end of the child")


def test_many_pages_take_no_more_memory_than_a_few(tmp_path: Path) -> None:
    with PdfDocument.open(write(tmp_path, pdf([["some words"]] * 400))) as document:
        used = []
        for number in range(1, document.pages + 1):
            document.render(number, 600)
            if number in (20, 400):
                used.append(child_of(document).memory_info().rss)
    assert used[1] - used[0] < 8 * 2**20


def test_threads_get_the_pages_they_ask_for(tmp_path: Path) -> None:
    lines = [[f"page{number}"] for number in range(1, 13)]
    ready = threading.Barrier(4)
    with PdfDocument.open(write(tmp_path, pdf(lines))) as document:

        def render(number: int) -> list[str]:
            if number <= 4:
                ready.wait(timeout=30)
            return words(document.render(number, 400))

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(render, range(1, 13))) == lines


def test_every_kind_of_pdf_gives_pages_or_a_clear_error(shared: Path) -> None:
    paths = sorted((shared / "testdata/pdf").glob("*.pdf"))
    assert len(paths) >= 10
    refused: list[tuple[str, str]] = []
    for path in paths:
        try:
            with PdfDocument.open(path, "test" if path.name == PASSWORD else None) as document:
                pages = [document.render(number, 800) for number in range(1, document.pages + 1)]
        except DocumentError as error:
            refused.append((path.name, error.code))
        else:
            assert all(page.image.pixels.std() > 1 for page in pages if words(page)), path.name
            assert all(300 <= max(page.image.width, page.image.height) <= 801 for page in pages), path.name
    assert refused == [(BROKEN, "pdf_broken")]


def test_vertical_japanese_is_read(shared: Path) -> None:
    with PdfDocument.open(shared / "testdata/pdf/pdfjs_vertical.pdf") as document:
        assert "日本語" in words(document.render(1, 800))


@pytest.mark.parametrize(("password", "asked"), [(None, "a password"), ("wrong", "another password")])
def test_a_locked_pdf_says_that_it_needs_a_password(shared: Path, password: str | None, asked: str) -> None:
    with pytest.raises(PdfEncrypted, match=asked) as caught:
        PdfDocument.open(shared / "testdata/pdf" / PASSWORD, password)
    assert "password" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("spec", "pages"),
    [
        (None, [1, 2, 3, 4, 5, 6]),
        ("", [1, 2, 3, 4, 5, 6]),
        ("2", [2]),
        ("1-3,5", [1, 2, 3, 5]),
        ("5-", [5, 6]),
        ("-2", [1, 2]),
        (" 3 - 4 , 1 ", [1, 3, 4]),
        ("2,2,1-2", [1, 2]),
        ("4-999999999", [4, 5, 6]),
    ],
)
def test_pages_are_named_as_people_write_them(spec: str | None, pages: list[int]) -> None:
    assert page_numbers(spec, 6) == pages


@pytest.mark.parametrize(
    "spec", ["0", "7", "7-9", "4-2", "a", "1-2-3", "1 2", "-", ",", "1,", "1;2", "1" * 99, "１－２"]
)
def test_pages_that_cannot_be_understood_or_are_not_there_are_refused(spec: str) -> None:
    with pytest.raises(PdfTooLarge) as caught:
        page_numbers(spec, 6)
    assert caught.value.hint
