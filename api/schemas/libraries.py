"""Folders that may be rescanned, and schedules that do it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class FolderEntry(BaseModel):
    """A folder in a folder."""

    name: str
    path: str


class Folder(BaseModel):
    """A folder under LIBRARY_ROOTS, or without a path the roots themselves."""

    path: str = Field(description="Empty where the roots are listed.")
    parent: str | None = Field(description="The folder above; null for a root and above them.")
    roots: bool = Field(description="Whether `folders` are the roots.")
    folders: list[FolderEntry]
    pictures: int = Field(description="Pictures directly in it.")
    more: bool = Field(description="It has more entries than were looked at.")


class Schedule(BaseModel):
    """A rescan that begins by the clock."""

    id: str
    cron: str
    time_zone: str
    library: str
    tasks: list[str]
    priority: Literal["interactive", "bulk"]
    recursive: bool
    include: list[str]
    exclude: list[str]
    force: bool
    custom_id: str | None
    enabled: bool
    next_at: datetime
    last_job_id: str | None
    created_at: datetime


class Schedules(BaseModel):
    """All of them, oldest first."""

    items: list[Schedule]
