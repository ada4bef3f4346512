"""One open PDF: our side of the process that renders it."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import numpy as np

from engines.document.errors import PdfBroken, PdfEncrypted, PdfTooLarge
from engines.document.page import Page, TextLayer, Word
from engines.images import Image

MOST_PAGES: Final = 2000
PAGE_S: Final = 60.0


class PdfDocument:
    """A PDF in a process of its own; thread safe. A page that takes the process down costs that page, not the document.

    Attributes:
        pages: how many it has.
    """

    def __init__(self, path: Path, password: str | None, page_s: float = PAGE_S) -> None:
        """Open a file.

        Args:
            page_s: seconds that opening, or a page, may take.

        Raises:
            PdfBroken, PdfEncrypted, PdfTooLarge.
        """
        self._path, self._password, self._page_s = path, password, page_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        with self._lock:
            self.pages = self._start()
        if self.pages > MOST_PAGES:
            self.close()
            raise PdfTooLarge(f"The document has {self.pages} pages, {MOST_PAGES} is the most.", "Send it in parts.")

    @classmethod
    def open(cls, path: Path, password: str | None = None) -> "PdfDocument":
        """Open a file; errors as the constructor's."""
        return cls(path, password)

    def __enter__(self) -> "PdfDocument":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def render(self, number: int, side: int) -> Page:
        """A page from 1, its longer side about `side` pixels, upright, with its text layer.

        Raises:
            PdfBroken: the page cannot be rendered, or not in time.
        """
        with self._lock:
            if self._process is None:
                self._start()
            answer, bodies = self._ask({"op": "render", "page": number, "side": side})
        pixels = np.frombuffer(bodies[0], np.uint8).reshape(answer["height"], answer["width"], 3)
        words = tuple(Word(text, tuple(box), size or None, weight) for text, box, size, weight in json.loads(bodies[1]))
        return Page(Image(pixels, answer["width"], answer["height"], "PDF"), TextLayer(words))

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _start(self) -> int:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "engines.pdf.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        answer, _ = self._ask({"op": "open", "path": str(self._path), "password": self._password})
        return int(answer["pages"])

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(self._page_s, process.kill)
        late.start()
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                raise EOFError
            answer: dict[str, Any] = json.loads(line)
            bodies = [process.stdout.read(length) for length in answer["bodies"]]
        except (OSError, EOFError, ValueError) as error:
            in_time = late.is_alive()
            self._end()
            reason = "the program that reads it broke down" if in_time else f"it took over {self._page_s:g} s"
            raise PdfBroken(f"The PDF cannot be read: {reason}.") from error
        finally:
            late.cancel()
        if answer.get("error") == "password":
            self._end()
            asked = "another password" if self._password else "a password"
            raise PdfEncrypted(f"The PDF needs {asked}.", "Send it in the field `password`.")
        if "error" in answer:
            raise PdfBroken(f"The PDF cannot be read: {answer['message']}.")
        return answer, bodies

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
