"""Lines of the stream of a single picture."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, RootModel

from api.schemas.results import PageUsage


class PictureStart(BaseModel):
    """The picture is accepted."""

    type: Literal["start"]
    kind: Literal["image"]
    task_id: str


class PictureDelta(BaseModel):
    """The next piece."""

    type: Literal["delta"]
    delta: str


class PictureError(BaseModel):
    """It failed; the end comes all the same."""

    type: Literal["error"]
    code: str
    message: str


class PictureUsage(PageUsage):
    """What it cost."""

    input_bytes: int


class PictureEnd(BaseModel):
    """Nothing comes after it."""

    type: Literal["end"]
    usage: PictureUsage
    engine: str | None = None
    notes: list[str] | None = None


class PictureFrame(
    RootModel[Annotated[PictureStart | PictureDelta | PictureError | PictureEnd, Field(discriminator="type")]]
):
    """A line of a picture's stream."""
