"""What is made of a document: Markdown with its figures, pages with boxes drawn on them, all in one zip. And previews.

Nothing of it is kept: it is made when it is asked for, of the results in the store and the upload.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageDraw

from tasks import pictures_pdf, previews, views
from tasks.document import password_of
from tasks.errors import ArtifactTooLarge, ArtifactUnknown

if TYPE_CHECKING:
    from tasks.worker import Worker

PAGE_MARK: Final = "\n\n---\n\n"
LINK: Final = re.compile(r"(!\[[^\]]*\]\()images/(\d+)\.jpg\)")
COLOURS: Final = {
    "title": "#d1495b",
    "sub_title": "#d1495b",
    "table": "#00798c",
    "image": "#edae49",
    "equation": "#7b2cbf",
}
MOST_DRAWN: Final = 200
"""Pages that are drawn for one file: somebody waits for it, and a page takes a tenth of a second."""

PICTURE: Final = re.compile(
    r"preview/(?P<item>\d{1,15})\.jpg|plain/page-(?P<plain>\d{1,5})\.jpg|page-(?P<drawn>\d{1,5})\.jpg"
    r"|images/(?P<page>\d{1,5})_(?P<figure>\d{1,5})\.jpg"
)
QUALITY: Final = 90
Body = dict[str, Any]


def make(worker: "Worker", job_id: str, name: str, to: Path) -> str:
    """Write one artifact into a file, a page in memory at a time; its media type.

    Args:
        name: `document.md`, `raw.txt`, `page-N.jpg` with boxes, `plain/page-N.jpg` without, `images/N_M.jpg` (figure M
            of page N), `layout.pdf` or `document.zip`; of a long document `layout-FIRST-LAST.pdf` or
            `document-FIRST-LAST.zip`. Of a job of photos `preview/ITEM.jpg`.

    Raises:
        ArtifactUnknown, ArtifactTooLarge, JobUnknown, BlobMissing, PathNotAllowed, PathMissing, EngineError.
    """
    if match := PICTURE.fullmatch(name):
        to.write_bytes(_picture(worker, job_id, match))
        return "image/jpeg"
    maker = _Maker(worker, job_id)
    if name == "document.md":
        maker.write_text(to, "markdown")
        return "text/markdown; charset=utf-8"
    if name == "raw.txt":
        maker.write_text(to, "raw")
        return "text/plain; charset=utf-8"
    if match := re.fullmatch(r"(layout|document)(?:-(\d{1,5})-(\d{1,5}))?\.(pdf|zip)", name):
        numbers = maker.choose(match[2], match[3])
        if (match[1], match[4]) == ("layout", "pdf"):
            maker.write_layout(to, numbers)
            return "application/pdf"
        if (match[1], match[4]) == ("document", "zip"):
            maker.write_archive(to, numbers)
            return "application/zip"
    raise ArtifactUnknown(f"There is no artifact {name[:80]!r}.", "Ask for document.md, layout.pdf or document.zip.")


def _picture(worker: "Worker", job_id: str, match: re.Match[str]) -> bytes:
    asked = {name: int(digits) for name, digits in match.groupdict().items() if digits}
    if "item" in asked:
        return previews.make(worker, job_id, asked["item"])
    if "plain" in asked:
        return _Document(worker, job_id).plain(asked["plain"])
    maker = _Maker(worker, job_id)
    if "drawn" in asked:
        return maker.drawn(asked["drawn"], maker.body(asked["drawn"]))
    return maker.figure(asked["page"], asked["figure"])


class _Document:
    """Pages as their engine saw them, so that boxes fit."""

    def __init__(self, worker: "Worker", job_id: str) -> None:
        self._worker = worker
        self._job_id = job_id
        self._options = views.options(worker.store, job_id)

    def plain(self, number: int) -> bytes:
        """A page without boxes, also one that is not finished."""
        if not views.has_page(self._worker.store, self._job_id, number):
            raise ArtifactUnknown(f"Page {number} is not there.")
        return previews.jpeg(self._picture(number), QUALITY)

    def _picture(self, number: int) -> Image.Image:
        path, password = self._worker.spool.path(self._options["blob"]), password_of(self._worker, self._options)
        side = self._worker.documents.engine(self._options.get("engine")).side
        page = self._worker.documents.page(path, self._options["kind"], number, password, side)
        return Image.fromarray(page.image.pixels)


class _Maker(_Document):
    """What is made of finished pages."""

    def __init__(self, worker: "Worker", job_id: str) -> None:
        super().__init__(worker, job_id)
        self.numbers = list(views.page_numbers(worker.store, job_id))
        if not self.numbers:
            raise ArtifactUnknown("No page of this document is finished.", "Wait for its end, or look at its errors.")

    def choose(self, first: str | None, last: str | None) -> list[int]:
        """The finished pages of a range, or all; few enough to be drawn."""
        chosen = [n for n in self.numbers if (not first or n >= int(first)) and (not last or n <= int(last))]
        if not chosen:
            raise ArtifactUnknown("None of these pages is there, or finished.", "GET /api/jobs/{id} has their number.")
        if len(chosen) > MOST_DRAWN:
            example = (
                f"layout-{chosen[0]}-{chosen[MOST_DRAWN - 1]}.pdf or document-{chosen[0]}-{chosen[MOST_DRAWN - 1]}"
            )
            raise ArtifactTooLarge(
                f"These are {len(chosen)} pages, {MOST_DRAWN} are the most in one file.",
                f"Ask for parts, such as {example}.zip; document.md and raw.txt have all pages.",
            )
        return chosen

    def write_text(self, to: Path, which: str) -> None:
        """All pages, with marks between them; a figure's link in Markdown names its page too."""
        with to.open("w", encoding="utf-8", errors="replace", newline="") as out:
            for place, (number, body) in enumerate(self._pages(self.numbers)):
                text = str(body[which])
                if which == "markdown":
                    text = LINK.sub(rf"\g<1>images/{number}_\g<2>.jpg)", text)
                out.write((PAGE_MARK if place else "") + text)

    def body(self, number: int) -> Body:
        """What was found on a page."""
        for _, body in self._pages([number]):
            return body
        raise ArtifactUnknown(f"Page {number} is not there, or not finished.")

    def drawn(self, number: int, body: Body) -> bytes:
        """A page with its blocks' boxes."""
        picture = self._picture(number)
        pen = ImageDraw.Draw(picture)
        width = max(2, picture.width // 500)
        for block in body["blocks"]:
            for box in block["boxes"]:
                pen.rectangle(box, outline=COLOURS.get(block["label"], "#3a86ff"), width=width)
        return previews.jpeg(picture, QUALITY)

    def figure(self, number: int, which: int) -> bytes:
        """A figure of a page, cut out."""
        for block in self.body(number)["blocks"]:
            if block["figure"] == which:
                return previews.jpeg(_cut(self._picture(number), block), QUALITY)
        raise ArtifactUnknown(f"Page {number} has no figure {which}.")

    def write_layout(self, to: Path, numbers: list[int]) -> None:
        """Pages with boxes, as a PDF."""

        def pictures() -> Iterator[tuple[bytes, int, int]]:
            for number, body in self._pages(numbers):
                data = self.drawn(number, body)
                with Image.open(io.BytesIO(data)) as picture:
                    yield data, picture.width, picture.height

        with to.open("wb") as out:
            pictures_pdf.write(out, pictures())

    def write_archive(self, to: Path, numbers: list[int]) -> None:
        """Markdown and raw text of all pages, figures and drawn pages of these."""
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, which in (("document.md", "markdown"), ("raw.txt", "raw")):
                text = to.with_name(f"{to.name}-text")
                try:
                    self.write_text(text, which)
                    packed.write(text, name)
                finally:
                    text.unlink(missing_ok=True)
            for number, body in self._pages(numbers):
                packed.writestr(f"page-{number}.jpg", self.drawn(number, body), zipfile.ZIP_STORED)
                for name, data in self._figures(number, body):
                    packed.writestr(name, data, zipfile.ZIP_STORED)

    def _pages(self, numbers: list[int]) -> Iterator[tuple[int, Body]]:
        for number, body in views.pages(self._worker.store, self._job_id, numbers):
            self._worker.watchdog.progress()
            yield number, body

    def _figures(self, number: int, body: Body) -> Iterator[tuple[str, bytes]]:
        blocks = [block for block in body["blocks"] if block["figure"] is not None]
        if not blocks:
            return
        picture = self._picture(number)
        for block in blocks:
            yield f"images/{number}_{block['figure']}.jpg", previews.jpeg(_cut(picture, block), QUALITY)


def _cut(picture: Image.Image, block: dict[str, Any]) -> Image.Image:
    x1, y1, x2, y2 = (round(side) for side in block["boxes"][0])
    left, top = min(max(0, x1), picture.width - 1), min(max(0, y1), picture.height - 1)
    return picture.crop((left, top, max(left + 1, min(x2, picture.width)), max(top + 1, min(y2, picture.height))))
