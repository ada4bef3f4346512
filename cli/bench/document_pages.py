"""Pages drawn for measuring: what stands on them, where, and in which order, is known to the letter."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import PIL.Image

    from engines.document.page import Page
    from engines.document.scoring import Grid

SIZE: Final = (1240, 1754)
LINES: Final = 34
TABLES: Final[tuple["Grid", ...]] = (
    (("Name", "City", "Age"), ("Alice", "Berlin", "31"), ("Bob", "Madrid", "45"), ("Carla", "Rome", "28")),
    (("Item", "Price", "Total"), ("Apples", "1.20", "12.00"), ("Pears", "2.50", "10.00"), ("Plums", "0.80", "16.00")),
    (("Metal", "Symbol", "Melting point"), ("Iron", "Fe", "1538"), ("Gold", "Au", "1064"), ("Silver", "Ag", "962")),
)


def columns(number: int) -> tuple["Page", str]:
    """A page with a heading over two columns, and its text in reading order."""
    from PIL import Image, ImageDraw

    heading = f"Report {number} of the survey"
    entries = [f"Entry {number}{line:03} tells what clerk {line * 7} saw" for line in range(2 * LINES)]
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((100, 100), heading, "black", font_size=44)
    for at, text in enumerate(entries):
        column, line = divmod(at, LINES)
        draw.text((100 + 540 * column, 220 + 40 * line), text, "black", font_size=24)
    return _page(picture), "\n".join((heading, *entries))


def table(grid: "Grid", all_rules: bool) -> "Page":
    """A page with one table, drawn with all rules or only with those under its head and around it."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((100, 120), "A report with one table", "black", font_size=40)
    draw.text((100, 240), "The table below lists what was counted in the years of the survey.", "black", font_size=24)
    left, top, width, height = 100, 360, 1000 // len(grid[0]), 52
    right, bottom = left + width * len(grid[0]), top + height * len(grid)
    draw.text((100, bottom + 60), "It was made by hand, and nothing in it was checked since.", "black", font_size=24)
    for row, cells in enumerate(grid):
        for column, text in enumerate(cells):
            draw.text((left + column * width + 14, top + row * height + 12), text, "black", font_size=24)
    for row in range(len(grid) + 1) if all_rules else (0, 1, len(grid)):
        draw.line((left, top + row * height, right, top + row * height), "black", 2)
    for column in range(len(grid[0]) + 1) if all_rules else ():
        draw.line((left + column * width, top, left + column * width, bottom), "black", 2)
    return _page(picture)


def _page(picture: "PIL.Image.Image") -> "Page":
    import numpy as np

    from engines.document.page import Page
    from engines.images import Image

    return Page(Image(np.asarray(picture), *picture.size, "PNG"), None)
