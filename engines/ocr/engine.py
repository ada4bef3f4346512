"""The OCR engine: a handle that loads its networks when they are needed and can be unloaded at any time."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from engines import memory
from engines.images import Image
from engines.ocr.models import OcrNetworks
from engines.ocr.page import FoundLine, read_page
from engines.types import ModelInfo, OcrPage, Quad, TextLine


class OcrEngine:
    """Reads pictures; thread safe.

    Attributes:
        last_used: `time.monotonic()` of the end of the last call.
    """

    def __init__(self, info: ModelInfo, load: Callable[[], OcrNetworks]) -> None:
        """Take the model's description and what loads it; nothing is loaded yet."""
        self._info = info
        self._load = load
        self._networks: OcrNetworks | None = None
        self._in_flight = 0
        self._draining = False
        self._changed = threading.Condition()
        self.last_used = time.monotonic()

    @property
    def info(self) -> ModelInfo:
        """Which model this is, and whether it is loaded now."""
        return replace(self._info, loaded=self._networks is not None)

    @property
    def busy(self) -> bool:
        """Whether a call is in flight."""
        return self._in_flight > 0

    def load(self) -> None:
        """Load the networks now, if they are not.

        Raises:
            ModelError: the weights are missing or wrong.
            DeviceMissing: the device cannot be used.
        """
        with self._in_use():
            pass

    def read(self, image: Image, min_score: float = 0.5) -> OcrPage:
        """Read a picture.

        Args:
            image: upright RGB.
            min_score: lines read with a lower mean probability are left out.

        Returns:
            The lines in reading order, boxes in pixels of the picture.

        Raises:
            InferenceFailed: the runtime gave up on this picture.
        """
        with self._in_use() as networks:
            lines = read_page(networks, image.pixels, min_score)
        return OcrPage(image.width, image.height, tuple(_to_type(line) for line in lines))

    def unload(self) -> None:
        """Free the networks: calls in flight finish first, calls that come meanwhile load them again."""
        with self._changed:
            self._changed.wait_for(lambda: not self._draining)
            self._draining = True
            self._changed.wait_for(lambda: self._in_flight == 0)
            networks, self._networks = self._networks, None
            if networks is not None:
                networks.close()
            del networks
            memory.release()
            self._draining = False
            self._changed.notify_all()

    @contextmanager
    def _in_use(self) -> Iterator[OcrNetworks]:
        with self._changed:
            self._changed.wait_for(lambda: not self._draining)
            if self._networks is None:
                self._networks = self._load()
            networks = self._networks
            self._in_flight += 1
        try:
            yield networks
        finally:
            with self._changed:
                self._in_flight -= 1
                self.last_used = time.monotonic()
                self._changed.notify_all()


def _to_type(line: FoundLine) -> TextLine:
    corners = [(float(x), float(y)) for x, y in line.quad.tolist()]
    box: Quad = (corners[0], corners[1], corners[2], corners[3])
    return TextLine(line.reading.text, line.reading.score, box, line.box_score)
