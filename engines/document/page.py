"""A page as document engines get it: its picture, and the words that the file itself knows."""

from dataclasses import dataclass

from engines.document.types import Box
from engines.images import Image


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text layer.

    Attributes:
        text: without spaces.
        box: x1, y1, x2, y2 in pixels of the page's picture.
        size: of its font, pixels of the picture; None where the file does not say.
        weight: of its font, 400 is regular and 700 bold; None where the file does not say.
    """

    text: str
    box: Box
    size: float | None = None
    weight: int | None = None


@dataclass(frozen=True, slots=True)
class TextLayer:
    """The words that a file says are on a page, in its own order."""

    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page.

    Attributes:
        image: rendered, upright.
        text_layer: of a PDF; None for a picture.
    """

    image: Image
    text_layer: TextLayer | None
