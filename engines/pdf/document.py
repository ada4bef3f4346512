"""One open PDF: our side of the process that renders it."""

import contextlib
import io
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np

from engines.document.errors import PdfBroken, PdfEncrypted, PdfTooLarge
from engines.document.page import Page, TextLayer, Word
from engines.images import Image

MOST_PAGES: Final = 2000
MOST_PIXELS: Final = 100_000_000
PAGE_S: Final = 60.0
CHILD: Final = Path(__file__).with_name("child.py")


class PdfDocument:
    """A PDF in a process of its own; thread safe. A page that takes the process down costs that page, not the document.

    Attributes:
        pages: how many it has.
    """

    def __init__(
        self, path: Path, password: str | None = None, page_s: float = PAGE_S, most_pages: int = MOST_PAGES
    ) -> None:
        """Open a file.

        Args:
            path: the file.
            password: of the user or the owner.
            page_s: seconds that opening, or a page, may take.
            most_pages: a document with more is refused.

        Raises:
            PdfBroken: it is no PDF, is damaged beyond repair, or has no pages.
            PdfEncrypted: it needs a password, or another one.
            PdfTooLarge: it has too many pages.
        """
        self._path, self._password, self._page_s = path, password, page_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        with self._lock:
            self.pages = self._start()
        if not 1 <= self.pages <= most_pages:
            self.close()
            if self.pages < 1:
                raise PdfBroken("The PDF has no pages.")
            raise PdfTooLarge(f"The document has {self.pages} pages, {most_pages} is the most.", "Send it in parts.")

    @classmethod
    def open(cls, path: Path, password: str | None = None) -> "PdfDocument":
        """Open a file with the usual limits; errors as the constructor's."""
        return cls(path, password)

    def __enter__(self) -> "PdfDocument":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def render(self, number: int, side: int) -> Page:
        """A page as a reader sees it: upright, cropped, with what was filled into its forms.

        Args:
            number: from 1.
            side: of the picture's longer side, pixels; a small page has fewer, since it is drawn at 300 dpi at most.

        Returns:
            The page's picture, and its text layer in the same pixels.

        Raises:
            PdfBroken: the page cannot be rendered, or not in time.
            PdfTooLarge: there is no such page, or it is too long and thin to be a picture.
        """
        if not 1 <= number <= self.pages:
            raise PdfTooLarge(f"The document has {self.pages} pages, not page {number}.", "Ask for other pages.")
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._end()
                self._start()
            answer, (pixels, words) = self._ask(page=number, side=side, pixels=MOST_PIXELS)
        return Page(_picture(answer, pixels), _text_layer(words))

    def close(self) -> None:
        """End the process; a page that is asked for later starts another."""
        with self._lock:
            self._end()

    def _start(self) -> int:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        try:
            answer, _ = self._ask(path=str(self._path), password=self._password)
        except BaseException:
            self._end()
            raise
        return int(answer["pages"])

    def _ask(self, **request: Any) -> tuple[dict[str, Any], list[bytearray]]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert isinstance(process.stdout, io.BufferedReader)
        try:
            process.stdin.write(json.dumps({**request, "seconds": self._page_s}).encode() + b"\n")
            process.stdin.flush()
            answer: dict[str, Any] = json.loads(process.stdout.readline())
            bodies = [bytearray(length) for length in answer["bodies"]]
            if any(process.stdout.readinto(body) != len(body) for body in bodies):
                raise EOFError
        except (OSError, EOFError, ValueError) as error:
            in_time = self._end() != -signal.SIGALRM
            reason = "the program that reads it broke down" if in_time else f"it took over {self._page_s:g} s"
            raise PdfBroken(f"The PDF cannot be read: {reason}.") from error
        if "error" in answer:
            raise self._error(answer)
        return answer, bodies

    def _error(self, answer: dict[str, Any]) -> Exception:
        if answer["error"] == "size":
            return PdfTooLarge(f"The page of {answer['message']} is too long and thin.", "Crop it first.")
        if answer["error"] == "password":
            asked = "another password" if self._password else "a password"
            return PdfEncrypted(f"The PDF needs {asked}.", "Send it in the field `password`.")
        return PdfBroken("The PDF cannot be read: it is none, or it is damaged.")

    def _end(self) -> int | None:
        """End the process if there is one; how it ended."""
        process, self._process = self._process, None
        if process is None:
            return None
        # Without stdin it ends by itself if it is idle, and may have ended already.
        process.kill()
        code = process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):  # a request that it did not live to read
                    stream.close()
        return code


def _picture(answer: dict[str, Any], pixels: bytearray) -> Image:
    width, height, stride, channels = (answer[key] for key in ("width", "height", "stride", "channels"))
    rows = np.frombuffer(pixels, np.uint8).reshape(height, stride)[:, : width * channels]
    rgb = rows.reshape(height, width, channels)[:, :, :3]
    return Image(np.ascontiguousarray(rgb), width, height, "PDF")


def _text_layer(words: bytearray) -> TextLayer:
    found = json.loads(words)
    return TextLayer(tuple(Word(text, tuple(box), size or None, weight) for text, box, size, weight in found))
