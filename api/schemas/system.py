"""What runs, what is loaded, and how much waits."""

from typing import Literal

from pydantic import BaseModel, Field


class Alive(BaseModel):
    """This process answers."""

    alive: bool


class Part(BaseModel):
    """The broker, the store, or the workers together."""

    state: Literal["ok", "down"]
    reason: str | None = None
    count: int | None = Field(default=None, description="Workers that are alive.")


class Parts(BaseModel):
    """What must be there."""

    broker: Part
    store: Part
    workers: Part


class Capability(BaseModel):
    """Something that can be asked for, and what is in its way."""

    state: Literal["ready", "loading", "missing"]
    model: str | None = None
    revision: str | None = None
    asked: str | None = Field(default=None, description="The model that was asked for; another may stand in.")
    engine: str | None = Field(default=None, description="Of documents: `classic` or `vllm`.")
    reason: str | None = None
    hint: str | None = Field(default=None, description="What mends it.")


class Readiness(BaseModel):
    """Whether the service can serve."""

    ready: bool
    parts: Parts
    capabilities: dict[str, Capability]


class LoadedModel(BaseModel):
    """A model in a worker's memory."""

    capability: str
    name: str
    revision: str
    asked: str
    device: str
    runtime: str
    precision: str
    loaded: bool
    dimensions: int | None


class WorkerModels(BaseModel):
    """One worker's capabilities and models."""

    worker: str
    capabilities: dict[str, Capability]
    loaded: list[LoadedModel]


class Models(BaseModel):
    """By worker."""

    items: list[WorkerModels]


class DeviceWorker(BaseModel):
    """A worker process."""

    worker: str
    host: str
    pid: int
    queues: list[str]
    threads: int


class Device(BaseModel):
    """A device and who works on it."""

    device: str
    workers: list[DeviceWorker]


class Devices(BaseModel):
    """All devices with a worker."""

    items: list[Device]


class Queue(BaseModel):
    """One queue."""

    queue: str
    depth: int = Field(description="Requests, photos or pages that wait.")
    messages: int = Field(description="Messages in the broker.")
    waiting_s: float | None = Field(description="Age of the oldest that waits; 0 where nothing does, null if unknown.")
    done_total: int = Field(description="Requests, photos, pages or lists finished since the broker began to count.")
    rate_per_s: float | None = Field(description="Finished a second, over the last minute; null before it is known.")


class Queues(BaseModel):
    """In the order in which they are served."""

    items: list[Queue]


class HistoryPoint(BaseModel):
    """How it stood at one time; `depth` and `waiting_s` name only queues where something waits."""

    at: float = Field(description="Seconds since 1970.")
    depth: dict[str, int]
    waiting_s: dict[str, float]
    per_s: float | None = Field(description="Finished a second since the point before; null after a gap.")
    latency_s: float | None = Field(
        description="Mean of requests answered since the point before, waiting and work; null without any."
    )


class History(BaseModel):
    """The last hour, oldest first; steps in which nothing sampled are left out."""

    step_s: float
    points: list[HistoryPoint]
