"""People: whose faces photos show."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.schemas.results import Box
from tasks.names import plain

Id = Annotated[str, Field(min_length=1, max_length=32)]
FaceId = Annotated[int, Field(ge=1, le=2**63 - 1)]


def _said(name: str) -> str:
    """A name without characters that nobody sees; none at all is an error."""
    if not (clean := plain(name).strip()):
        raise ValueError("has nothing in it that could be read")
    return clean


class Clustering(BaseModel):
    """How faces are gathered into people."""

    model_config = ConfigDict(extra="forbid")

    min_faces: int = Field(default=3, ge=1, le=1000, description="Faces that somebody has at least.")


class Naming(BaseModel):
    """What somebody is called."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=200), AfterValidator(_said)] | None = Field(
        description="null takes the name away."
    )


class Merging(BaseModel):
    """Who else is this person."""

    model_config = ConfigDict(extra="forbid")

    people: list[Id] = Field(min_length=1, max_length=1000)


class Splitting(BaseModel):
    """Which faces are somebody else's."""

    model_config = ConfigDict(extra="forbid")

    faces: list[FaceId] = Field(min_length=1, max_length=10_000)


class Cover(BaseModel):
    """A face that stands for a person."""

    sha256: str
    box: Box | None = Field(description="Pixels of the upright picture.")
    width: int = Field(description="Of the upright picture.")
    height: int


class PersonEntry(BaseModel):
    """A person in a list."""

    id: str
    name: str | None
    faces: int = Field(description="How many.")
    cover: Cover | None


class PersonPage(BaseModel):
    """People, those with most faces first."""

    items: list[PersonEntry]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


class PersonFace(BaseModel):
    """One face of a person."""

    id: int = Field(description="What a split names.")
    sha256: str
    box: Box | None = Field(description="Pixels of the upright picture.")
    name: str = Field(description="Of its photo.")
    width: int = Field(description="Of the upright picture.")
    height: int


class Person(BaseModel):
    """A person with a page of faces."""

    id: str
    name: str | None
    count: int = Field(description="Faces in all.")
    faces: list[PersonFace]
    next: str | None = Field(description="The cursor of the next page of faces; null on the last one.")
