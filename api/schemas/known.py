"""One photo that is known, by its content."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.jobs import Kind
from api.schemas.results import Box, Correction, Results


class Earlier(BaseModel):
    """A finding that the photo does not show any more."""

    id: int = Field(description="For `restore`.")
    analysis: str
    model: str
    revision: str
    created_at: datetime = Field(description="When it was found.")
    replaced_at: datetime
    reason: Literal["reprocess", "restore"]


class OnPhoto(BaseModel):
    """A person, by a face."""

    id: str
    name: str | None
    box: Box


class InJob(BaseModel):
    """Where the photo was looked at."""

    task_id: str
    item_id: int
    kind: Kind
    tasks: list[str]
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    finished_at: datetime | None


class KnownPhoto(BaseModel):
    """What is known of a photo; of each analysis the finding that it shows everywhere."""

    sha256: str
    name: str
    library: str = Field(description="Its folder; empty for an upload.")
    path: str | None
    taken_at: datetime | None
    width: int | None
    height: int | None
    results: Results
    models: dict[str, str]
    correction: Correction | None = Field(description="Its text as a person wrote it; it goes before what was read.")
    history: list[Earlier] = Field(description="The newest first.")
    people: list[OnPhoto]
    tasks_by_job: list[InJob] = Field(description="The newest jobs first, 20 of them at most.")


class NewText(BaseModel):
    """What the text of a photo is."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="100,000 characters at most. Empty: the photo has none.")


class Restored(BaseModel):
    """Which finding is to be shown again."""

    model_config = ConfigDict(extra="forbid")

    history: int = Field(ge=1, le=2**53, description="Its `id` in the photo's history.")
