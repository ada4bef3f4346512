"""Lines of the NDJSON streams; a blank line between them is a heartbeat."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, RootModel

from api.schemas.jobs import Kind, Listed, State
from api.schemas.results import Item, PageUsage

NDJSON: Final = "application/x-ndjson"


class _Numbered(BaseModel):
    seq: int = Field(description="From 1, without gaps.")
    task_id: str


class FrameCounts(Listed):
    """How a job stands; `left` are queued or running."""

    total: int
    done: int
    failed: int
    cached: int
    cancelled: int
    left: int


class StartFrame(_Numbered):
    """The job was accepted."""

    type: Literal["start"]
    kind: Kind
    tasks: list[str]


class ItemFrame(Item):
    """A photo or page is finished."""

    type: Literal["item"]
    task_id: str
    retried: bool | None = Field(default=None, description="A failure; the item was tried again since.")


class ProgressFrame(_Numbered):
    """How the job stands, about once a second and at each change of its state."""

    type: Literal["progress"]
    state: State
    counts: FrameCounts


class WarningFrame(_Numbered):
    """Something of a library could not be listed."""

    type: Literal["warning"]
    name: str
    code: str
    message: str


class ErrorFrame(_Numbered):
    """The job could not run at all."""

    type: Literal["error"]
    code: str
    message: str


class EndFrame(_Numbered):
    """The run is over; a retry goes on behind it."""

    type: Literal["end"]
    state: State
    counts: FrameCounts


class JobFrame(
    RootModel[
        Annotated[
            StartFrame | ItemFrame | ProgressFrame | WarningFrame | ErrorFrame | EndFrame, Field(discriminator="type")
        ]
    ]
):
    """A line of a job's events."""


def ndjson(model: type[BaseModel], text: str) -> dict[str, Any]:
    """The description of an answer whose lines are of a model; the model stands in `openapi.MORE`."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"description": text, "content": {NDJSON: {"schema": schema}}}


class PageStart(BaseModel):
    """A page is begun, or begun anew."""

    type: Literal["page_start"]
    page: int


class PageDelta(BaseModel):
    """The next piece of a page."""

    type: Literal["page_delta"]
    page: int
    delta: str


class PageEndUsage(BaseModel):
    """What a page cost."""

    prompt_tokens: int
    completion_tokens: int
    completion_chars: int


class PageEnd(BaseModel):
    """A page is over, also one that failed."""

    type: Literal["page_end"]
    page: int
    usage: PageEndUsage
    engine: str | None = None
    notes: list[str] | None = None


class DocumentStart(BaseModel):
    """A document is open."""

    type: Literal["start"]
    kind: Literal["pdf", "image"]
    pages: int
    task_id: str


class DocumentError(BaseModel):
    """A page failed, or without `page` the whole document."""

    type: Literal["error"]
    code: str
    message: str
    page: int | None = None


class DocumentUsage(PageUsage):
    """What a document cost."""

    input_bytes: int
    pages: int


class DocumentEnd(BaseModel):
    """Nothing comes after it."""

    type: Literal["end"]
    usage: DocumentUsage


class DocumentFrame(
    RootModel[
        Annotated[
            DocumentStart | PageStart | PageDelta | PageEnd | DocumentError | DocumentEnd, Field(discriminator="type")
        ]
    ]
):
    """A line of a document's stream; pages are in work at once, and their lines interleaved."""
