"""What was found in a photo or on a page."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.errors import ItemError

Point = tuple[float, float]
Box = tuple[float, float, float, float]


class OcrLine(BaseModel):
    """One line of text."""

    text: str
    score: float = Field(description="Mean probability of the characters, 0..1.")
    box: tuple[Point, Point, Point, Point] = Field(
        description="Corners in pixels of the upright picture, clockwise from the text's top left."
    )


class OcrResult(BaseModel):
    """The text of a picture, in reading order."""

    lines: list[OcrLine]
    text: str = Field(description="The lines' text, one a line.")


class ClipResult(BaseModel):
    """The vector of a picture."""

    embedding: list[float]
    model: str


class FaceResult(BaseModel):
    """One face."""

    box: Box = Field(description="x1, y1, x2, y2 in pixels of the upright picture; may reach over its edge.")
    score: float
    landmarks: list[Point] = Field(description="Eyes, nose, corners of the mouth; dlib gives the first three only.")
    embedding: list[float]


class Block(BaseModel):
    """A region of a page."""

    label: str = Field(description="Such as title, sub_title, text, list, table, image, equation, header, footer.")
    boxes: list[Box] = Field(description="Pixels of the page's picture, which is the item's width and height.")
    text: str = Field(description="Its Markdown.")
    figure: int | None = Field(description="Number of its cropped picture, artifact images/PAGE_FIGURE.jpg.")


class PageUsage(BaseModel):
    """What a page cost; tokens are the engine's own count."""

    prompt_tokens: int
    completion_tokens: int
    prompt_chars: int
    completion_chars: int


class DocumentPage(BaseModel):
    """One page of a document, read."""

    markdown: str
    raw: str = Field(description="The engine's own output.")
    blocks: list[Block]
    usage: PageUsage
    engine: str = Field(description="`classic`, or the model's name.")
    notes: list[str] = Field(description="What happened on the way, such as a repetition that was stopped.")
    seconds: float


class Probe(BaseModel):
    """Nothing: the probe only decodes a picture."""


class Results(BaseModel):
    """By analysis; only those that were asked for."""

    ocr: OcrResult | None = None
    clip: ClipResult | None = None
    face: list[FaceResult] | None = None
    document: DocumentPage | None = None
    probe: Probe | None = None


class Correction(BaseModel):
    """The text of a photo as a person wrote it."""

    text: str
    at: datetime


class Item(BaseModel):
    """A finished photo or page of a job."""

    seq: int = Field(description="Number of its frame; `after` continues behind it.")
    item_id: int
    name: str
    custom_id: str | None = None
    page: int | None = Field(default=None, description="Of a document, from 1.")
    sha256: str | None
    width: int | None
    height: int | None
    status: Literal["done", "failed"]
    results: Results | None
    correction: Correction | None = Field(default=None, description="Of a photo that was read, where there is one.")
    models: dict[str, str]
    cached: list[str]
    error: ItemError | None
