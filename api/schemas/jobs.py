"""Jobs: what is sent, and how they stand."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.schemas.errors import ItemError
from api.schemas.results import Item

Kind = Literal["photos", "library", "batch", "document", "reprocess", "people"]
State = Literal["queued", "running", "paused", "completed", "failed", "cancelled"]
Priority = Literal["interactive", "document", "bulk"]


class Listed(BaseModel):
    """Of a library: its photos beside what was known of them, and what could not be listed."""

    new: int | None = None
    changed: int | None = None
    unchanged: int | None = None
    deleted: int | None = None
    warnings: int | None = None


class Counts(Listed):
    """total = queued + running + done + failed + cancelled; `cached` is part of `done`."""

    total: int
    queued: int
    running: int
    done: int
    failed: int
    cached: int
    cancelled: int


class JobLinks(BaseModel):
    """Where the rest is."""

    self: str
    events: str
    results: str
    jsonl: str
    csv: str
    cancel: str
    result: str


class Job(BaseModel):
    """One job."""

    task_id: str
    kind: Kind
    state: State
    priority: Priority
    tasks: list[str]
    custom_id: str | None
    name: str | None = Field(description="Of a document: its file's name.")
    library: str | None = Field(description="Of a rescan: its folder.")
    listing: bool = Field(description="Items are still being added.")
    counts: Counts
    seq: int = Field(description="Number of its newest frame.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    rate_per_s: float | None
    eta_s: float | None
    error: ItemError | None
    links: JobLinks


class JobPage(BaseModel):
    """Jobs, newest first."""

    items: list[Job]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")


class DryRunCounts(BaseModel):
    """What a rescan would find."""

    total: int
    new: int
    changed: int
    unchanged: int
    deleted: int
    cached: int
    warnings: int


class DryRun(BaseModel):
    """The answer to a rescan with `dry_run`."""

    dry_run: bool
    counts: DryRunCounts


class JobResult(BaseModel):
    """What is there of a job that has ended."""

    counts: Counts
    items: list[Item] = Field(description="The first 1000.")
    more: str = Field(description="Where all of them are.")
    text: str | None = Field(default=None, description="Of a document: the Markdown of all pages.")


class Polled(BaseModel):
    """A job as its task id is polled."""

    task_id: str
    status: Literal["processing", "completed", "failed"]
    result: JobResult | None
    error: str | None


class PolledMany(BaseModel):
    """One for each file, in their order."""

    tasks: list[Polled]
