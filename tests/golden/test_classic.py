"""How well the classic engine reads: the floor that no change may go below."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest

from engines.document.classic import ClassicEngine
from engines.document.page import Page
from engines.document.scoring import Grid, Sample, grids, measure, order_distance, text_recall
from engines.document.text_layer import lines_of
from engines.document.types import PageOptions, PageResult
from engines.images import Image
from engines.pdf import PdfDocument
from engines.registry import Engines
from engines.settings import EngineSettings

SETTINGS = EngineSettings()
WITH_TEXT = {"deepseek/cloudman6_sample.pdf": range(1, 7), "pdf/paperless-ngx_password-is-test.pdf": range(1, 2)}
SCANNED = {
    "deepseek/cloudman6_sample2.pdf": (1,),
    "pdf/MinerU_small_ocr.pdf": (1, 6),
    "pdf/OCRmyPDF_c02-22.pdf": (1,),
    "pdf/OCRmyPDF_multipage.pdf": (2, 3, 4),
    "pdf/OCRmyPDF_skew.pdf": (1,),
}
# Charles Dickens, A Tale of Two Cities, 1859: what stands on pages 5 and 6 of OCRmyPDF_multipage.pdf, in two columns.
TWO_CITIES = """
with a plain face, on the throne of England; there were a king with a large jaw and a queen with a fair face, on the
throne of France. In both countries it was clearer than crystal to the lords of the State preserves of loaves and
fishes, that things in general were settled for ever.
It was the year of Our Lord one thousand seven hundred and seventy-five. Spiritual revelations were conceded to England
at that favoured period, as at this. Mrs. Southcott had recently attained her five-and-twentieth blessed birthday, of
whom a prophetic private in the Life Guards had heralded the sublime appearance by announcing that arrangements were
made for the swallowing up of London and Westminster. Even the Cock-lane ghost had been laid only a round dozen of
years, after rapping out its messages, as the spirits of this very year last past (supernaturally deficient in
originality) rapped out theirs. Mere messages in the earthly order of events had lately come to the English Crown and
People, from a congress of British subjects in America: which, strange to relate, have proved more important to the
human race than any communications yet received through any of the chickens of the Cock-lane brood.
France, less favoured on the whole as to matters spiritual than her sister of the shield and trident, rolled with
exceeding smoothness down hill, making paper money and spending it. Under the guidance of her Christian pastors, she
entertained herself, besides, with such humane achievements as sentencing a youth to have his hands cut off, his tongue
torn out with pincers, and his body burned alive, because he had not kneeled down in the rain to do honour to a dirty
procession of monks which passed within his view, at a distance of some fifty or sixty yards. It is likely enough that,
rooted in the woods of France and Norway, there were growing trees, when that sufferer was put to death, already marked
by the Woodman, Fate, to come down and be sawn into boards, to make a certain movable framework with a sack and a knife
in it, terrible in history. It is likely enough that in the rough outhouses of some tillers of the heavy lands adjacent
to Paris, there were sheltered from the weather that very day, rude carts, bespattered with rustic mire, snuffed about
by pigs, and roosted in by poultry, which the Farmer, Death, had already set apart to be his tumbrils of the
Revolution. But that Woodman and that Farmer, though they work unceasingly, work silently, and no one heard them as
they went about with muffled tread: the rather, forasmuch as to entertain any suspicion that they were awake, was to be
atheistical and traitorous.
In England, there was scarcely an amount of order and protection to justify much national boasting. Daring burglaries
by armed men, and highway robberies, took place in the capital itself every night; families were publicly cautioned not
to go out of town without removing their furniture to upholsterers' warehouses for security; the highwayman in the dark
was a City tradesman in the light, and, being recognised and
"""
TABLES: tuple[Grid, ...] = (
    (("Name", "City", "Age"), ("Alice", "Berlin", "31"), ("Bob", "Madrid", "45"), ("Carla", "Rome", "28")),
    (
        ("Item", "Price", "Count", "Total"),
        ("Apples", "1.20", "10", "12.00"),
        ("Pears", "2.50", "4", "10.00"),
        ("Plums", "0.80", "20", "16.00"),
        ("Cherries", "5.00", "2", "10.00"),
    ),
    (
        ("Year", "Births", "Deaths"),
        ("1901", "5210", "4180"),
        ("1902", "5335", "4022"),
        ("1903", "5401", "4119"),
        ("1904", "5522", "4203"),
        ("1905", "5610", "4087"),
    ),
    (
        ("Metal", "Symbol", "Density", "Melting point", "Colour"),
        ("Iron", "Fe", "7.87", "1538", "grey"),
        ("Copper", "Cu", "8.96", "1085", "red"),
        ("Gold", "Au", "19.3", "1064", "yellow"),
        ("Silver", "Ag", "10.5", "962", "white"),
    ),
    (("City", "Country"), ("Paris", "France"), ("Vienna", "Austria"), ("Lisbon", "Portugal"), ("Oslo", "Norway")),
)


@pytest.fixture(scope="module")
def engines() -> Engines:
    return Engines(SETTINGS, "cpu")


@pytest.fixture(scope="module")
def engine(engines: Engines) -> ClassicEngine:
    return ClassicEngine(SETTINGS, engines)


def pages(path: Path, numbers: Sequence[int]) -> Iterator[Page]:
    with PdfDocument.open(path, "test" if "password" in path.name else None) as document:
        for number in numbers:
            yield document.render(number, ClassicEngine.side)


def read(engine: ClassicEngine, page: Page) -> PageResult:
    *_, result = engine.read(page, PageOptions(), lambda: False)
    assert isinstance(result, PageResult)
    return result


def drawn(table: Grid, rules: str) -> Page:
    """A page of a report with one table, drawn with `all` rules or only with those under its head and around it."""
    width, height, left, top = 1000 // len(table[0]), 52, 100, 360
    bottom, right = top + height * len(table), left + width * len(table[0])
    picture = PIL.Image.new("RGB", (1240, 1754), "white")
    draw = PIL.ImageDraw.Draw(picture)
    draw.text((100, 120), "A report with one table", "black", font_size=40)
    draw.text(
        (100, 240),
        "The table below lists what was counted in the years of the survey, and where",
        "black",
        font_size=24,
    )
    draw.text((100, 276), "it was counted. All of the numbers are rounded.", "black", font_size=24)
    draw.text(
        (100, bottom + 60), "The survey was made by hand, and nothing in it was checked since.", "black", font_size=24
    )
    for row, cells in enumerate(table):
        for column, text in enumerate(cells):
            draw.text((left + column * width + 14, top + row * height + 12), text, "black", font_size=24)
    for row in range(len(table) + 1) if rules == "all" else (0, 1, len(table)):
        draw.line((left, top + row * height, right, top + row * height), "black", 2)
    for column in range(len(table[0]) + 1) if rules == "all" else ():
        draw.line((left + column * width, top, left + column * width, bottom), "black", 2)
    return Page(Image(np.asarray(picture), *picture.size, "PNG"), None)


def test_pages_with_text_of_their_own_give_that_text_in_its_order(engine: ClassicEngine, shared: Path) -> None:
    distances = []
    for name, numbers in WITH_TEXT.items():
        for page in pages(shared / "testdata" / name, numbers):
            assert page.text_layer is not None
            truth = "\n".join(line.text for line in lines_of(page.text_layer))
            result = read(engine, page)
            assert result.notes == ()
            assert text_recall(truth, "\n".join(block.text for block in result.blocks)) >= 0.99, name
            distances.append(order_distance(truth, result.markdown))
    assert median(distances) <= 0.15, distances


@pytest.mark.parametrize("number", [5, 6], ids=["skewed", "level"])
def test_two_scanned_columns_are_read_one_after_the_other(engine: ClassicEngine, shared: Path, number: int) -> None:
    (page,) = pages(shared / "testdata/pdf/OCRmyPDF_multipage.pdf", [number])
    result = read(engine, page)
    assert order_distance(TWO_CITIES, result.markdown) <= 0.05
    assert text_recall(TWO_CITIES, result.markdown) >= 0.97


@pytest.mark.timeout(600)  # a dozen pages, each read twice
def test_scanned_pages_lose_nothing_that_ocr_reads(engine: ClassicEngine, engines: Engines, shared: Path) -> None:
    recalls = {}
    for name, numbers in SCANNED.items():
        for number, page in zip(numbers, pages(shared / "testdata" / name, numbers), strict=True):
            truth = "\n".join(line.text for line in engines.ocr().read(page.image).lines)
            found = "\n".join(block.text for block in read(engine, page).blocks)
            recalls[name, number] = text_recall(truth, found)
    # Words that are broken at the end of a line are mended, so that two halves are missed.
    assert min(recalls.values()) >= 0.93, recalls
    assert median(recalls.values()) >= 0.99, recalls


def test_a_bad_text_layer_is_read_by_ocr_and_that_is_said(engine: ClassicEngine, shared: Path) -> None:
    (page,) = pages(shared / "testdata/pdf/OCRmyPDF_multipage.pdf", [4])
    result = read(engine, page)
    assert "OCR" in result.notes[0]
    assert "Timotheus" in result.markdown


@pytest.mark.parametrize("rules", ["all", "level"])
def test_clean_tables_come_out_with_the_exact_grid(engine: ClassicEngine, rules: str) -> None:
    samples = [Sample(f"table {at}", drawn(table, rules), tables=(table,)) for at, table in enumerate(TABLES)]
    assert [row["grids"] for row in measure(samples, engine.read)] == [1, 1, 1, 1, 1, 5]


def test_tables_of_a_real_report_have_their_rows_and_columns(engine: ClassicEngine, shared: Path) -> None:
    shapes = [
        [(len(grid), len(grid[0])) for grid in grids(read(engine, page).markdown)]
        for page in pages(shared / "testdata/deepseek/cloudman6_sample.pdf", (2, 6))
    ]
    assert shapes == [[(5, 4), (17, 7), (10, 7)], [(21, 7)]]


def test_no_page_makes_it_fail(engine: ClassicEngine, shared: Path) -> None:
    rest = {"pdfjs_scan-bad.pdf": 1, "pdfjs_vertical.pdf": 3, "pdfjs_ContentStreamCycleType3insideType3.pdf": 1}
    for name, count in rest.items():
        for page in pages(shared / "testdata" / "pdf" / name, range(1, count + 1)):
            result = read(engine, page)
            for block in result.blocks:
                for left, top, right, bottom in block.boxes:
                    assert 0 <= left < right <= page.image.width
                    assert 0 <= top < bottom <= page.image.height
