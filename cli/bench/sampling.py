"""Where Python's threads are, looked at a few hundred times a second: what a profile costs next to nothing."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

from cli.bench.beside import beside

EVERY_S: Final = 0.002
PHASES: Final = ("decode", "pre", "run", "post", "SQL", "other")
PLACES: Final[tuple[tuple[str, str, str], ...]] = (
    ("engines/runtime", "", "run"),
    ("engines/faces/dlib_networks.py", "", "run"),
    ("engines/images.py", "", "decode"),
    ("engines/pixels.py", "", "decode"),
    ("engines/clip/preprocess.py", "", "pre"),
    ("engines/clip/tokenize.py", "", "pre"),
    ("engines/ocr/crop.py", "", "pre"),
    ("engines/ocr/boxes.py", "", "post"),
    ("engines/ocr/ctc.py", "", "post"),
    ("engines/ocr/order.py", "", "post"),
    ("engines/ocr/turn.py", "", "post"),
    ("engines/ocr/detect.py", "scale_regions", "post"),
    ("engines/ocr/detect.py", "", "pre"),
    ("engines/ocr/recognise.py", "", "pre"),
    ("engines/ocr/orient.py", "", "pre"),
    ("engines/faces/align.py", "", "pre"),
    ("engines/faces/scrfd.py", "decode", "post"),
    ("engines/faces/scrfd.py", "suppress", "post"),
    ("engines/faces/scrfd.py", "", "pre"),
    ("engines/clip/towers.py", "", "pre"),
    ("sqlalchemy/", "", "SQL"),
    ("tasks/results.py", "", "SQL"),
    ("tasks/store/", "", "SQL"),
)
"""Part of a file's path, a function in it or all, and what it is part of; the innermost frame that is listed counts."""
WAITING: Final = ("threading.py", "/queue.py", "concurrent/futures/", "selectors.py")


class Sampler:
    """Counts what the threads of this process do.

    Attributes:
        seconds: by phase; a moment in which several threads work is shared between them.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys(PHASES, 0.0)

    @contextlib.contextmanager
    def on(self) -> Iterator[None]:
        """Look while the block runs."""
        with beside(self._look, "sampler"):
            yield

    def _look(self, enough: threading.Event) -> None:
        mine, before = threading.get_ident(), time.perf_counter()
        while not enough.wait(EVERY_S):
            found = [
                phase
                for thread, frame in sys._current_frames().items()
                if thread != mine and (phase := phase_of(frame)) is not None
            ]
            now = time.perf_counter()
            for phase in found:
                self.seconds[phase] += (now - before) / len(found)
            before = now


def phase_of(frame: FrameType | None) -> str | None:
    """What a thread is at, by its stack; None for one that waits for others."""
    if frame is None or any(part in frame.f_code.co_filename for part in WAITING):
        return None
    while frame is not None:
        code = frame.f_code
        for path, function, phase in PLACES:
            if path in code.co_filename and function in ("", code.co_name):
                return phase
        frame = frame.f_back
    return "other"
