"""Where pages come from and what reads them: a PDF or a picture, and the engine that is configured."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engines.document.modes import CLASSIC, REMOTE
from engines.document.page import Page
from engines.document.types import Delta, PageOptions, PageResult
from engines.errors import ModelUnknown
from engines.images import decode
from engines.pdf import PdfDocument, page_numbers
from engines.settings import EngineSettings

if TYPE_CHECKING:
    from engines.registry import Engines

OPEN_DOCUMENTS = 4


class DocumentEngine(Protocol):
    """What reads a page.

    Attributes:
        name: of the engine or its model.
        revision: changes whenever the same page could come out otherwise.
        side: longer side of the picture that it wants of a PDF's page, pixels.
    """

    @property
    def name(self) -> str: ...

    @property
    def revision(self) -> str: ...

    @property
    def side(self) -> int: ...

    def read(self, page: Page, options: PageOptions, cancelled: Callable[[], bool]) -> Iterator[Delta | PageResult]:
        """Pieces of the page as they are made; the last one is its result. Raises EngineError."""
        ...


class Documents:
    """Documents of one worker process; thread safe. A few stay open, since their pages come one by one."""

    def __init__(self, settings: EngineSettings, engines: "Engines") -> None:
        self._settings = settings
        self._engines = engines
        self._lock = threading.Lock()
        self._open: OrderedDict[tuple[Path, str | None], PdfDocument] = OrderedDict()
        self._readers: dict[str, DocumentEngine] = {}

    def pages(self, path: Path, kind: str, spec: str | None, password: str | None) -> list[int]:
        """Numbers of the pages that are asked for, from 1. Raises EngineError."""
        if kind == "image":
            return [1]
        with PdfDocument.open(path, password) as document:
            return page_numbers(spec, document.pages)

    def page(self, path: Path, kind: str, number: int, password: str | None, side: int) -> Page:
        """One page, rendered. Raises EngineError."""
        if kind == "image":
            return Page(image=decode(path, self._settings), text_layer=None)
        return self._document(path, password).render(number, side)

    def engine(self, name: str | None) -> DocumentEngine:
        """The engine of a name: `classic`, or the one at `LLM_BASE_URL` by `vllm` or its model; None for the usual one.

        Raises:
            ModelUnknown: no engine has this name.
        """
        chosen = self._called(name)
        with self._lock:
            if chosen not in self._readers:
                self._readers[chosen] = self._make(chosen)
            return self._readers[chosen]

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            for document in self._open.values():
                document.close()
            self._open.clear()

    def _called(self, name: str | None) -> str:
        if name == CLASSIC or (name is None and not self._settings.llm_urls):
            return CLASSIC
        if name in (None, REMOTE, self._settings.llm_model) and self._settings.llm_urls:
            return REMOTE
        if name == REMOTE:
            raise ModelUnknown("no document engine is configured", hint="set LLM_BASE_URL, or ask for classic")
        raise ModelUnknown(f"no document engine is called {str(name)[:80]}", hint=f"known are {CLASSIC} and {REMOTE}")

    def _make(self, name: str) -> DocumentEngine:
        """An engine; called with the lock held."""
        from engines.document.classic import ClassicEngine

        if name == CLASSIC:
            return ClassicEngine(self._settings, self._engines)
        from engines.document.remote import RemoteEngine

        return RemoteEngine(self._settings, self._readers.setdefault(CLASSIC, self._make(CLASSIC)))

    def _document(self, path: Path, password: str | None) -> PdfDocument:
        key = (path, password)
        with self._lock:
            document = self._open.pop(key, None) or PdfDocument.open(path, password)
            self._open[key] = document
            while len(self._open) > OPEN_DOCUMENTS:
                _, oldest = self._open.popitem(last=False)
                oldest.close()
        return document
