"""The classic engine: a page read without a language model, by the PDF's own text or OCR lines, and its layout."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.devices import parse_device
from engines.document.classic_blocks import Part, RuledTable, arrange
from engines.document.classic_level import Turned, turn_level
from engines.document.classic_lines import around, body_size
from engines.document.classic_markdown import write_figure, write_text
from engines.document.classic_weights import LAYOUT, TABLES, locate
from engines.document.errors import PageCancelled
from engines.document.layout import Region, find_regions
from engines.document.layout_regions import settle
from engines.document.modes import CLASSIC, refuse_foreign
from engines.document.page import Page
from engines.document.tables import find_cells
from engines.document.tables_ruled import find_ruled_tables
from engines.document.tables_text import fill, to_markdown
from engines.document.text_layer import fault, leaves_out, lines_of
from engines.document.types import Block, Box, Delta, PageOptions, PageResult, Usage
from engines.images import Image
from engines.loading import Engine
from engines.runtime import Backend, Session, core_count, open_session
from engines.settings import EngineSettings
from engines.types import ModelInfo, OcrPage

Pixels = NDArray[np.uint8]

# Raised by hand whenever the same page could come out otherwise.
VERSION: Final = "1"
_INFO: Final = ModelInfo(
    capability="document",
    name=CLASSIC,
    revision=hashlib.sha256(f"{LAYOUT.sha256}\n{TABLES.sha256}".encode()).hexdigest()[:12],
    asked=CLASSIC,
    device="cpu",
    runtime="onnxruntime",
    precision="f32",
    loaded=False,
)
# Room around the words of a table, in sizes of the page's letters: with less or more the network miscounts.
RIM: Final = 0.5
# What is not part of the running text.
LEFT_OUT: Final = ("header", "footer")


class Reader(Protocol):
    """What reads lines; `OcrEngine` does."""

    def read(self, image: Image) -> OcrPage:
        """The lines of a picture."""
        ...


class Readers(Protocol):
    """Where the OCR engine comes from; `engines.registry.Engines` is one."""

    def ocr(self) -> Reader:
        """The configured one, loaded."""
        ...

    def resolve(self, capability: str) -> ModelInfo:
        """Which model would answer."""
        ...

    def look_after(self, engine: Engine[Any]) -> None:
        """Unload it when it is idle."""
        ...


@dataclass(frozen=True, slots=True)
class _Networks:
    layout: Session
    tables: Session

    def close(self) -> None:
        """Nothing but memory, which goes with the sessions."""


class PageNetworks(Engine[_Networks]):
    """The layout and the table network; both are unloaded when idle."""

    @contextmanager
    def lend(self) -> Iterator[_Networks]:
        """The networks, loaded, and kept while the block runs. Raises ModelError."""
        with self._in_use() as networks:
            yield networks


class ClassicEngine:
    """Reads pages; thread safe.

    Attributes:
        name: `classic`.
        side: longer side of the picture that it wants of a PDF's page, pixels.
    """

    name = CLASSIC
    side = 2000

    def __init__(self, settings: EngineSettings, engines: Readers) -> None:
        """Take settings, and where OCR comes from; nothing is loaded yet."""
        self._settings = settings
        self._engines = engines
        self._networks = PageNetworks(_INFO, self._load)
        engines.look_after(self._networks)

    @property
    def revision(self) -> str:
        """Changes whenever the same page could come out otherwise. Raises ModelError where OCR cannot be had."""
        parts = (VERSION, LAYOUT.sha256, TABLES.sha256, self._engines.resolve("ocr").revision)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def read(self, page: Page, options: PageOptions, cancelled: Callable[[], bool]) -> Iterator[Delta | PageResult]:
        """Read a page, one block after the other.

        Args:
            page: its picture, and its own text where it has some.
            options: its modes all give the page's text; that a prompt is not followed is said in the notes.
            cancelled: asked before each step and each block.

        Yields:
            Markdown as it is made, and at the end the result, blocks in pixels of the picture.

        Raises:
            PageCancelled: `cancelled` came true.
            ModeMissing: the mode asks for what only a language model can do.
            ModelError: a model is missing.
            InferenceFailed: the runtime gave up on this page.
        """
        refuse_foreign(options.mode)
        notes = ["The classic engine follows no prompt; it read the text."] if options.prompt else []
        _stop_if(cancelled)
        # Pieces are taken at their reader's pace, so that the networks are not held between them.
        with self._networks.lend() as networks:
            turned, regions = self._look(page, notes, networks.layout)
        _stop_if(cancelled)
        height = turned.pixels.shape[0]
        tables = [RuledTable(box, tuple(cells)) for box, cells in find_ruled_tables(turned.pixels)]
        parts = arrange(turned.lines, settle(regions, turned.lines, height), tables, height)
        blocks: list[Block] = []
        shown: list[str] = []
        for block in self._write(parts, turned, cancelled):
            boxes = tuple(turned.to_picture(box, page.image.width, page.image.height) for box in block.boxes)
            blocks.append(replace(block, boxes=boxes))
            if block.label not in LEFT_OUT and block.text:
                text = "\n\n" + block.text if shown else block.text
                shown.append(text)
                yield Delta(text, text)
        markdown = "".join(shown)
        usage = Usage(completion_chars=len(markdown))
        yield PageResult(markdown, markdown, tuple(blocks), usage, self.name, tuple(notes))

    def _look(self, page: Page, notes: list[str], layout: Session) -> tuple[Turned, list[Region]]:
        """The page level, with its lines, and what the layout network sees there."""
        pixels = page.image.pixels
        if page.text_layer is not None:
            lines = lines_of(page.text_layer)
            wrong = fault(lines, pixels)
            if wrong is None:
                regions = find_regions(layout, pixels)
                wrong = leaves_out(lines, regions, (0.0, 0.0, float(page.image.width), float(page.image.height)))
                if wrong is None:
                    return Turned(pixels, lines), regions
            if lines:
                notes.append(f"{wrong} It was read by OCR.")
        turned = turn_level(pixels, self._engines.ocr().read(page.image).lines)
        return turned, find_regions(layout, turned.pixels)

    def _write(self, parts: list[Part], turned: Turned, cancelled: Callable[[], bool]) -> Iterator[Block]:
        body = body_size(turned.lines)
        figures = 0
        for part in parts:
            _stop_if(cancelled)
            if part.kind == "figure":
                figures += 1
                yield write_figure(part, figures)
            elif part.kind == "table" and (table := self._write_table(part, turned.pixels, body)):
                yield table
            else:
                yield from write_text(part, body)

    def _write_table(self, part: Part, pixels: Pixels, body: float) -> Block | None:
        """None where the network sees no table in it."""
        cells = list(part.cells)
        if not cells:
            words = around(line.box for line in part.lines)
            left, top, right, bottom = _rim(words, RIM * body, pixels)
            with self._networks.lend() as networks:
                found = find_cells(networks.tables, pixels[top:bottom, left:right])
            cells = [replace(cell, box=_move(cell.box, left, top)) for cell in found]
        if len({cell.row for cell in cells}) < 2 or len({cell.column for cell in cells}) < 2:
            return None
        return Block("table", (part.box,), to_markdown(fill(cells, part.lines)))

    def _load(self) -> _Networks:
        # Small networks, and one of them that no other runtime can convert: the processor is their place.
        backend = Backend(parse_device("cpu"), "onnxruntime", "f32")
        threads = min(2, core_count(self._settings))
        return _Networks(*(open_session(locate(model), backend, threads) for model in (LAYOUT, TABLES)))


def _stop_if(cancelled: Callable[[], bool]) -> None:
    if cancelled():
        raise PageCancelled("the page was cancelled")


def _rim(box: Box, rim: float, pixels: Pixels) -> tuple[int, int, int, int]:
    """A box with some room around it, whole pixels inside the picture."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = box
    return max(0, int(left - rim)), max(0, int(top - rim)), min(width, int(right + rim)), min(height, int(bottom + rim))


def _move(box: Box, left: float, top: float) -> Box:
    return box[0] + left, box[1] + top, box[2] + left, box[3] + top
