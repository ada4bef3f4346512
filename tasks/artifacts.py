"""What is made of a finished document: Markdown with its figures, pages with boxes drawn on them, all in one zip.

Nothing of it is kept: it is made when it is asked for, of the results in the store and the upload.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageDraw

from tasks import views
from tasks.analyses import DOCUMENT
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
MOST_PAGES: Final = 2000


class ArtifactUnknown(TaskError):
    """A document has nothing of this name."""

    code = "artifact_not_found"


@dataclass(frozen=True, slots=True)
class _Read:
    """A finished page: its number and the body of its finding."""

    number: int
    body: dict[str, Any]


def make(worker: "Worker", job_id: str, name: str) -> tuple[bytes, str]:
    """One artifact and its media type.

    Args:
        name: `document.md`, `raw.txt`, `page-N.jpg` with boxes, `images/N_M.jpg` (figure M of page N), `layout.pdf` or
            `document.zip`.

    Raises:
        ArtifactUnknown, JobUnknown, BlobMissing, EngineError.
    """
    maker = _Maker(worker, job_id)
    if name == "document.md":
        return maker.markdown().encode(), "text/markdown; charset=utf-8"
    if name == "raw.txt":
        return PAGE_MARK.join(page.body["raw"] for page in maker.pages).encode(), "text/plain; charset=utf-8"
    if name == "layout.pdf":
        return maker.layout(), "application/pdf"
    if name == "document.zip":
        return maker.archive(), "application/zip"
    if match := re.fullmatch(r"page-(\d{1,5})\.jpg", name):
        return maker.drawn(int(match[1])), "image/jpeg"
    if match := re.fullmatch(r"images/(\d{1,5})_(\d{1,5})\.jpg", name):
        return maker.figure(int(match[1]), int(match[2])), "image/jpeg"
    raise ArtifactUnknown(f"There is no artifact {name[:80]!r}.", "Ask for document.md, layout.pdf or document.zip.")


class _Maker:
    def __init__(self, worker: "Worker", job_id: str) -> None:
        self._worker = worker
        found = views.finished(worker.store, job_id, 0, MOST_PAGES)
        self._options = views.options(worker.store, job_id)
        read = [_Read(item["page"], item["results"][DOCUMENT]["body"]) for item in found if DOCUMENT in item["results"]]
        self.pages = sorted(read, key=lambda page: page.number)
        if not self.pages:
            raise ArtifactUnknown("No page of this document is finished.", "Wait for its end, or look at its errors.")

    def markdown(self) -> str:
        """All pages; a figure's link names its page too."""
        return PAGE_MARK.join(
            LINK.sub(rf"\g<1>images/{page.number}_\g<2>.jpg)", page.body["markdown"]) for page in self.pages
        )

    def drawn(self, number: int) -> bytes:
        """A page with its blocks' boxes."""
        page = self._page(number)
        picture = self._picture(number)
        pen = ImageDraw.Draw(picture)
        width = max(2, picture.width // 500)
        for block in page.body["blocks"]:
            for box in block["boxes"]:
                pen.rectangle(box, outline=COLOURS.get(block["label"], "#3a86ff"), width=width)
        return _jpeg(picture)

    def figure(self, number: int, which: int) -> bytes:
        """A figure of a page, cut out."""
        for block in self._page(number).body["blocks"]:
            if block["figure"] == which:
                return _jpeg(self._cut(self._picture(number), block))
        raise ArtifactUnknown(f"Page {number} has no figure {which}.")

    def layout(self) -> bytes:
        """All pages with boxes, as a PDF."""
        out = io.BytesIO()
        first, *rest = (Image.open(io.BytesIO(self.drawn(page.number))) for page in self.pages)
        first.save(out, "PDF", save_all=True, append_images=rest, resolution=150)
        return out.getvalue()

    def archive(self) -> bytes:
        """Markdown, raw text, figures and drawn pages."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("document.md", self.markdown())
            packed.writestr("raw.txt", PAGE_MARK.join(page.body["raw"] for page in self.pages))
            for page in self.pages:
                packed.writestr(f"page-{page.number}.jpg", self.drawn(page.number))
                for name, data in self._figures(page):
                    packed.writestr(name, data)
        return out.getvalue()

    def _figures(self, page: _Read) -> Iterator[tuple[str, bytes]]:
        blocks = [block for block in page.body["blocks"] if block["figure"] is not None]
        if not blocks:
            return
        picture = self._picture(page.number)
        for block in blocks:
            yield f"images/{page.number}_{block['figure']}.jpg", _jpeg(self._cut(picture, block))

    def _cut(self, picture: Image.Image, block: dict[str, Any]) -> Image.Image:
        x1, y1, x2, y2 = (round(side) for side in block["boxes"][0])
        left, top = min(max(0, x1), picture.width - 1), min(max(0, y1), picture.height - 1)
        return picture.crop((left, top, max(left + 1, min(x2, picture.width)), max(top + 1, min(y2, picture.height))))

    def _page(self, number: int) -> _Read:
        for page in self.pages:
            if page.number == number:
                return page
        raise ArtifactUnknown(f"Page {number} is not there, or not finished.")

    def _picture(self, number: int) -> Image.Image:
        """The page as its engine saw it, so that boxes fit."""
        path, password = self._worker.spool.path(self._options["blob"]), self._options.get("password")
        side = self._worker.documents.engine(self._options.get("engine")).side
        page = self._worker.documents.page(path, self._options["kind"], number, password, side)
        return Image.fromarray(page.image.pixels)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()
