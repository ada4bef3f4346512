"""What a search answers."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.results import Box, Point

Mode = Literal["hybrid", "text", "image", "face"]


class Match(BaseModel):
    """Where in a photo or page it is that was looked for."""

    text: str = Field(description="The line; empty for a face.")
    box: tuple[Point, Point, Point, Point] | Box | None = Field(
        description="Corners of a line of a photo; x1, y1, x2, y2 of a face or of a region of a page; null where a"
        " person wrote the text. Pixels of the upright picture."
    )


class FoundPhoto(BaseModel):
    """A photo, or a page of a document."""

    sha256: str
    page: int | None = Field(description="Of a document, from 1; null for a photo.")
    name: str
    library: str = Field(description="The folder that it lies in; empty for an upload.")
    path: str | None
    task_id: str | None = Field(description="The newest job that had it, which may have expired.")
    taken_at: datetime | None = Field(description="As the camera says, or else when the file was changed.")
    width: int
    height: int
    score: float = Field(description="Greater is better; to be compared within one answer only.")
    found_by: list[Literal["text", "image", "face"]]
    matches: list[Match]


class SearchPage(BaseModel):
    """A page of what was found, best first."""

    items: list[FoundPhoto]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")
    models: dict[str, str] = Field(description="Whose vectors were searched, by `image` and `face`.")
    notes: list[str] = Field(description="What was not searched, and why.")
