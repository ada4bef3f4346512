"""What every parser of an engine's output can do, and the one for engines whose output is Markdown already."""

from typing import Protocol

from engines.document.types import Block


class Parser(Protocol):
    """Raw output in, piece by piece as it comes; clean Markdown and blocks out."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Regions so far, boxes in pixels of the page's picture."""
        ...

    def feed(self, raw: str) -> str:
        """The Markdown that is certain after a further piece; may be empty."""
        ...

    def finish(self) -> str:
        """The rest, when no more comes."""
        ...


class PlainParser:
    """Output that is taken as it is."""

    blocks: tuple[Block, ...] = ()

    def __init__(self, width: int, height: int) -> None:
        """Take the size of the page's picture in pixels; plain output says nothing about places."""

    def feed(self, raw: str) -> str:
        """The same text."""
        return raw

    def finish(self) -> str:
        """Nothing is ever held back."""
        return ""
