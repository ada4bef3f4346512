"""What is made of a finished document: Markdown with its figures, pages with boxes drawn on them, all in one zip.

Nothing of it is kept: it is made when it is asked for, of the results in the store and the upload.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageDraw

from tasks import pictures_pdf, views
from tasks.document import password_of
from tasks.errors import TaskError

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

Body = dict[str, Any]


class ArtifactUnknown(TaskError):
    """A document has nothing of this name."""

    code = "artifact_not_found"


class ArtifactTooLarge(TaskError):
    """It would take too long to be waited for."""

    code = "artifact_too_large"


def make(worker: "Worker", job_id: str, name: str, to: Path) -> str:
    """Write one artifact into a file, a page in memory at a time; its media type.

    Args:
        name: `document.md`, `raw.txt`, `page-N.jpg` with boxes, `images/N_M.jpg` (figure M of page N), `layout.pdf` or
            `document.zip`; of a long document `layout-FIRST-LAST.pdf` or `document-FIRST-LAST.zip`.

    Raises:
        ArtifactUnknown, ArtifactTooLarge, JobUnknown, BlobMissing, EngineError.
    """
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
    if match := re.fullmatch(r"page-(\d{1,5})\.jpg", name):
        to.write_bytes(maker.drawn(int(match[1]), maker.body(int(match[1]))))
        return "image/jpeg"
    if match := re.fullmatch(r"images/(\d{1,5})_(\d{1,5})\.jpg", name):
        to.write_bytes(maker.figure(int(match[1]), int(match[2])))
        return "image/jpeg"
    raise ArtifactUnknown(f"There is no artifact {name[:80]!r}.", "Ask for document.md, layout.pdf or document.zip.")


class _Maker:
    def __init__(self, worker: "Worker", job_id: str) -> None:
        self._worker = worker
        self._job_id = job_id
        self._options = views.options(worker.store, job_id)
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
        return _jpeg(picture)

    def figure(self, number: int, which: int) -> bytes:
        """A figure of a page, cut out."""
        for block in self.body(number)["blocks"]:
            if block["figure"] == which:
                return _jpeg(_cut(self._picture(number), block))
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
            yield f"images/{number}_{block['figure']}.jpg", _jpeg(_cut(picture, block))

    def _picture(self, number: int) -> Image.Image:
        """The page as its engine saw it, so that boxes fit."""
        path, password = self._worker.spool.path(self._options["blob"]), password_of(self._worker, self._options)
        side = self._worker.documents.engine(self._options.get("engine")).side
        page = self._worker.documents.page(path, self._options["kind"], number, password, side)
        return Image.fromarray(page.image.pixels)


def _cut(picture: Image.Image, block: dict[str, Any]) -> Image.Image:
    x1, y1, x2, y2 = (round(side) for side in block["boxes"][0])
    left, top = min(max(0, x1), picture.width - 1), min(max(0, y1), picture.height - 1)
    return picture.crop((left, top, max(left + 1, min(x2, picture.width)), max(top + 1, min(y2, picture.height))))


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()
