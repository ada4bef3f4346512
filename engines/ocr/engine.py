"""The OCR engine: pictures in, lines out."""

from engines.images import Image
from engines.loading import Engine
from engines.ocr.models import OcrNetworks
from engines.ocr.page import FoundLine, read_page
from engines.types import OcrPage, Quad, TextLine


class OcrEngine(Engine[OcrNetworks]):
    """Reads pictures; thread safe."""

    def read(self, image: Image, min_score: float = 0.5, side: int | None = None) -> OcrPage:
        """Read a picture.

        Args:
            image: upright RGB.
            min_score: lines read with a lower mean probability are left out.
            side: longer side of what the detector sees, pixels; None for `OCR_DET_SIDE`.

        Returns:
            The lines in reading order, boxes in pixels of the picture.

        Raises:
            InferenceFailed: the runtime gave up on this picture.
        """
        with self._in_use() as networks:
            lines = read_page(networks, image.pixels, min_score, side)
        return OcrPage(image.width, image.height, tuple(_to_type(line) for line in lines))


def _to_type(line: FoundLine) -> TextLine:
    corners = [(float(x), float(y)) for x, y in line.quad.tolist()]
    box: Quad = (corners[0], corners[1], corners[2], corners[3])
    return TextLine(line.reading.text, line.reading.score, box, line.box_score)
