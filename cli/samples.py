"""Sample pictures with known words, drawn here, and photos in the public domain that scikit-image's wheel carries."""

import importlib.util
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

FONT_PACKAGE = "pylopdf_fonts_zh_cn"
FONT_FILE = "NotoSansSC-Regular.otf"
PHOTOS = ("astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "rocket.jpg")
"""All in the public domain: NASA, Stéfan van der Walt (CC0), Rachel Michetti (CC0), NASA, SpaceX (CC0)."""

PAPER = (250, 249, 245)
INK = (35, 35, 38)
ORIENTATION = 0x0112
TURN_RIGHT = 6
"""EXIF: the picture is stored lying on its left side; a viewer turns it by 90 degrees clockwise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A picture in the sample folder.

    Attributes:
        name: of the file.
        words: some that stand in it and must be read; empty where it is a photo.
    """

    name: str
    words: tuple[str, ...] = ()


def font_path() -> Path | None:
    """A font with Chinese and Latin letters out of its wheel, or None where that is not installed."""
    spec = importlib.util.find_spec(FONT_PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder, FONT_FILE)
        if path.is_file():
            return path
    return None


def photo_paths() -> list[Path]:
    """Those of PHOTOS that are installed."""
    spec = importlib.util.find_spec("skimage")  # finds the folder without importing its 100 MB of friends
    folders = (spec.submodule_search_locations or []) if spec else []
    paths = [Path(folder, "data", name) for folder in folders for name in PHOTOS]
    return [path for path in paths if path.is_file()]


def make(folder: Path) -> list[Sample]:
    """Fill `folder` with samples, the same bytes every time; returns what was made, in the order of names."""
    pen = Pen(font_path())
    made = [
        _receipt(pen, folder / "receipt-bakery.jpg", BAKERY, tilt=0.8),
        _receipt(pen, folder / "receipt-hardware.jpg", HARDWARE, tilt=-1.2),
        _sign(pen, folder / "sign-bilingual.png"),
        _screenshot(pen, folder / "screenshot.png"),
        _rotated_page(pen, folder / "page-rotated.jpg"),
    ]
    for path in photo_paths():
        shutil.copyfile(path, folder / f"photo-{path.name}")
        made.append(Sample(f"photo-{path.name}"))
    return sorted(made, key=lambda sample: sample.name)


class Pen:
    """Writes with one font in any size."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def font(self, size: int) -> "Font":
        if self.path is None:
            return ImageFont.load_default(size)
        return ImageFont.truetype(str(self.path), size)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is printed on a receipt."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]
    total: str
    foot: tuple[str, ...]
    words: tuple[str, ...]


BAKERY = Receipt(
    ("HARBOUR BAKERY", "12 Quay Street", "14.03.2026  08:42"),
    (("Sourdough loaf", "4.80"), ("Cinnamon roll", "3.20"), ("Flat white", "3.60"), ("Apple juice", "2.90")),
    "14.50",
    ("Paid by card", "Thank you!"),
    ("HARBOUR", "BAKERY", "Quay", "Sourdough", "Cinnamon", "juice", "TOTAL", "14.50"),
)
HARDWARE = Receipt(
    ("NORTHGATE HARDWARE", "Receipt No. 20417", "Monday 02.02.2026"),
    (
        ("Wood screws 4x40", "5.49"),
        ("Paint brush", "7.25"),
        ("Sandpaper fine", "3.10"),
        ("Spirit level", "18.90"),
        ("Garden gloves", "6.75"),
    ),
    "41.49",
    ("VAT included 20%", "Returns within 30 days"),
    ("NORTHGATE", "HARDWARE", "20417", "Sandpaper", "Spirit", "gloves", "TOTAL", "41.49"),
)


def _receipt(pen: Pen, path: Path, receipt: Receipt, tilt: float) -> Sample:
    """A narrow strip of paper on a table, photographed not quite straight."""
    width, step = 520, 46
    height = step * (len(receipt.head) + len(receipt.rows) + len(receipt.foot) + 4)
    paper = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(paper)
    y = step // 2
    for line, size in zip(receipt.head, (36, 26, 26), strict=True):
        draw.text((width / 2, y), line, INK, pen.font(size), anchor="ma")
        y += step
    y = _rule(draw, width, y)
    for name, price in receipt.rows:
        draw.text((30, y), name, INK, pen.font(27))
        draw.text((width - 30, y), price, INK, pen.font(27), anchor="ra")
        y += step
    y = _rule(draw, width, y)
    draw.text((30, y), "TOTAL", INK, pen.font(34))
    draw.text((width - 30, y), receipt.total, INK, pen.font(34), anchor="ra")
    y += 2 * step
    for line in receipt.foot:
        draw.text((width / 2, y), line, INK, pen.font(24), anchor="ma")
        y += step
    table = _wood(width + 160, height + 120, seed=receipt.head[0])
    turned = paper.convert("RGBA").rotate(tilt, Image.Resampling.BICUBIC, expand=True)
    table.paste(turned, (80, 60), turned)
    table.filter(ImageFilter.GaussianBlur(0.6)).save(path, quality=88)
    return Sample(path.name, receipt.words)


def _rule(draw: ImageDraw.ImageDraw, width: int, y: int) -> int:
    for x in range(30, width - 30, 14):
        draw.line((x, y + 10, x + 7, y + 10), INK, 2)
    return y + 30


def _wood(width: int, height: int, seed: str) -> Image.Image:
    """A brown background with a grain."""
    chance = random.Random(seed)  # noqa: S311  a pattern, no secret
    row = [chance.randint(-10, 10) for _ in range(height)]
    strip = Image.new("RGB", (1, height))
    strip.putdata([(118 + shade, 84 + shade, 58 + shade) for shade in row])
    return strip.resize((width, height)).filter(ImageFilter.GaussianBlur(1.5))


def _sign(pen: Pen, path: Path) -> Sample:
    """White on green, Chinese above English; English alone where no font has Chinese letters."""
    image = Image.new("RGB", (900, 560), (176, 196, 214))
    draw = ImageDraw.Draw(image)
    draw.rectangle((430, 420, 470, 560), (120, 124, 130))
    draw.rounded_rectangle((60, 60, 840, 450), 28, (0, 98, 65), (245, 245, 245), 8)
    lines = [("Railway Station", 62, 200), ("Exit to Riverside Park", 46, 330)]
    words = ["Railway", "Station", "Riverside", "Park"]
    if pen.path is not None:
        lines = [("火车站", 84, 80), ("Railway Station", 50, 190), ("河滨公园出口", 64, 268), (lines[1][0], 44, 362)]
        words += ["火车站", "河滨公园出口"]
    for line, size, y in lines:
        draw.text((450, y), line, (250, 250, 250), pen.font(size), anchor="ma")
    image.save(path)
    return Sample(path.name, tuple(words))


def _screenshot(pen: Pen, path: Path) -> Sample:
    """A window of a settings dialogue, sharp and small as on a screen."""
    image = Image.new("RGB", (1280, 720), (58, 76, 104))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((140, 80, 1140, 640), 14, (248, 249, 251))
    draw.rounded_rectangle((140, 80, 1140, 132), 14, (226, 229, 235))
    draw.text((640, 92), "Backup settings", INK, pen.font(22), anchor="ma")
    for x, colour in ((168, (236, 106, 94)), (194, (245, 191, 79)), (220, (97, 197, 84))):
        draw.ellipse((x - 8, 98, x + 8, 114), colour)
    rows = (
        ("Destination", "Network drive, folder Photos"),
        ("Schedule", "Every Sunday at 03:00"),
        ("Keep versions", "Twelve months"),
        ("Last backup", "Completed, 18,204 files"),
    )
    for index, (name, value) in enumerate(rows):
        y = 180 + index * 84
        draw.text((190, y), name, (96, 104, 118), pen.font(22))
        draw.text((470, y), value, INK, pen.font(22))
        draw.line((190, y + 56, 1090, y + 56), (222, 226, 232))
    draw.rounded_rectangle((910, 560, 1090, 608), 8, (38, 110, 220))
    draw.text((1000, 570), "Save changes", (255, 255, 255), pen.font(22), anchor="ma")
    image.save(path)
    return Sample(path.name, ("Backup", "settings", "Destination", "Sunday", "Twelve", "Completed", "Save"))


def _rotated_page(pen: Pen, path: Path) -> Sample:
    """A letter as a phone stores it: lying on its side, with a note in the EXIF data to turn it."""
    page = Image.new("RGB", (1000, 1300), (252, 251, 248))
    draw = ImageDraw.Draw(page)
    draw.text((90, 90), "Lighthouse Restoration Society", INK, pen.font(46))
    draw.line((90, 165, 910, 165), (150, 60, 50), 4)
    lines = (
        "Dear members,",
        "the lantern room will be open to visitors again",
        "from Saturday, 9 May. During the winter the glass",
        "was cleaned and the old clockwork repaired.",
        "Volunteers are welcome on the opening weekend.",
        "Please bring sturdy shoes: there are 127 steps.",
        "With kind regards,",
        "Margaret Whitfield, secretary",
    )
    for index, line in enumerate(lines):
        draw.text((90, 240 + index * 92), line, INK, pen.font(34))
    exif = Image.Exif()
    exif[ORIENTATION] = TURN_RIGHT
    page.transpose(Image.Transpose.ROTATE_90).save(path, quality=90, exif=exif)
    return Sample(path.name, ("Lighthouse", "Restoration", "lantern", "clockwork", "Volunteers", "127", "Whitfield"))
