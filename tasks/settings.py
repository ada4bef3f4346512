"""Settings of the queue and the memory, from the environment."""

import os
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import AliasChoices, Field

from engines.file_settings import FileSettings


class TaskSettings(FileSettings):
    """Where things are kept, how much may wait, and for how long."""

    darkroom_home: Path = Field(
        default=Path("~/.local/share/darkroom"),
        description="Folder for everything that is kept: database, queue log, uploads.",
    )
    redis_url: str = Field(
        default="",
        description="Redis or Valkey, `redis://host/0` or `unix:///path`; empty: a private one in `DARKROOM_HOME`.",
    )
    database_url: str = Field(default="", description="SQLAlchemy URL of the store; empty: SQLite in `DARKROOM_HOME`.")
    postgres_password: str = Field(
        default="", description="Password of the user in `DATABASE_URL`, where the URL itself has none."
    )
    blob_url: str = Field(
        default="",
        description="Where uploads wait: `file:///folder`, `redis://host/1` or `s3://bucket/prefix`; empty: `spool` in "
        "`DARKROOM_HOME`.",
    )
    library_roots: str = Field(
        default="", description="Folders that rescans may read, separated like `PATH`; empty: none."
    )
    devices: str = Field(
        default="auto",
        validation_alias=AliasChoices("DEVICES", "DEVICE"),
        description="Devices to use, comma-separated: `cpu`, `cpu:0-7`, `intel:0`, `cuda:0` or `auto`.",
    )
    queue_limit: int = Field(
        default=64,
        ge=1,
        description="Interactive requests that may wait at once; one more is refused with 429.",
    )
    job_limit: int = Field(default=1000, ge=1, description="Unfinished jobs at once; one more is refused with 429.")
    queue_timeout_s: float = Field(
        default=60, gt=0, description="Longest time an interactive request may wait in the queue, seconds."
    )
    run_timeout_s: float = Field(default=120, gt=0, description="Longest time an interactive request may run, seconds.")
    max_attempts: int = Field(
        default=3,
        ge=1,
        description="Starts after which a photo whose worker keeps dying fails with `worker_died`.",
    )
    lease_items: int = Field(
        default=256, ge=1, description="Photos of a job that a worker draws at a time, at most; of slow ones 32."
    )
    lease_ttl_s: float = Field(
        default=90,
        gt=0,
        description="Time after which a silent worker's photos are given to another, seconds.",
    )
    visibility_timeout_s: int = Field(
        default=900,
        ge=30,
        description="Time after which the broker offers an unacknowledged message again, seconds.",
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port on which a worker that runs by itself serves its own `/metrics`; 0: none. With `darkroom up` "
        "the API's `/metrics` has those of its workers.",
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address of that port.")
    heartbeat_s: float = Field(default=4, gt=0, description="Pause between two signs of life of a worker, seconds.")
    hang_timeout_s: float = Field(
        default=300,
        gt=0,
        description="Time after which a photo that a worker is still at counts as hung, and its process is replaced, "
        "seconds.",
    )
    worker_max_items: int = Field(
        default=50_000,
        ge=0,
        description="Photos and requests after which a worker process ends in order and is replaced; 0: never.",
    )
    worker_max_mb: int = Field(
        default=0,
        ge=0,
        description="Memory with which a worker process ends in order and is replaced, MiB; 0: however much.",
    )
    job_ttl_days: float = Field(default=30, gt=0, description="Days that a finished job and its frames are kept.")
    jobs_max_items: int = Field(
        default=0,
        ge=0,
        description="Most items that finished jobs have in all; the oldest jobs over it go early; 0: any number.",
    )
    result_ttl_days: float = Field(
        default=0,
        ge=0,
        description="Days that a finding is remembered after it was made; one that a kept job shows stays with it; "
        "0: for ever.",
    )
    results_max_mb: int = Field(
        default=0,
        ge=0,
        description="About how much findings may take, MiB; over it the oldest that no kept job shows are forgotten; "
        "0: however much.",
    )
    library_ttl_days: float = Field(
        default=0,
        ge=0,
        description="Days after which a file that no rescan has listed again is new to the next one; 0: never.",
    )
    blob_ttl_s: float = Field(
        default=3600,
        gt=0,
        description="Age after which uploads that no unfinished job needs are removed, seconds.",
    )
    spool_max_gb: float = Field(
        default=0,
        ge=0,
        description="Most that uploads take in a folder, GiB; over it they are refused with 507, and those that nobody "
        "needs go early; 0: as much as the disk has.",
    )
    copies_max_gb: float = Field(
        default=4,
        gt=0,
        description="Most that a host's local copies of uploads that wait elsewhere take, GiB.",
    )
    ocr_workers: int = Field(default=8, ge=1, description="Pictures that a worker process reads at once, at most.")
    clip_workers: int = Field(
        default=8, ge=1, description="Pictures that a worker process makes CLIP vectors of at once, at most."
    )
    face_workers: int = Field(
        default=8, ge=1, description="Pictures that a worker process looks for faces in at once, at most."
    )
    request_threads: int = Field(
        default=0,
        ge=0,
        validation_alias=AliasChoices("REQUEST_THREADS", "MACHINE_LEARNING_REQUEST_THREADS"),
        description="Threads of a worker process; 0: one more than its cores "
        "(also `MACHINE_LEARNING_REQUEST_THREADS`).",
    )
    face_min_score: float = Field(
        default=0.65,
        ge=0,
        le=1,
        validation_alias=AliasChoices("FACE_MIN_SCORE", "DETECTION_THRESH"),
        description="Least certainty of a face in MT Photos' answers (also `DETECTION_THRESH`).",
    )
    enable_probe: bool = Field(
        default=False,
        description="Accept the task `probe`, which decodes a picture and runs no model, to measure the queue.",
    )

    @property
    def limits(self) -> dict[str, int]:
        """Calls of each analysis that run at once."""
        return {"ocr": self.ocr_workers, "clip": self.clip_workers, "face": self.face_workers}

    @property
    def longest_request_s(self) -> float:
        """Age after which no upload is one that an interactive request still waits with, seconds."""
        return self.queue_timeout_s + self.run_timeout_s + 60

    @cached_property
    def home(self) -> Path:
        """`DARKROOM_HOME`, absolute."""
        return self.darkroom_home.expanduser().absolute()

    @cached_property
    def redis(self) -> str:
        """The broker's URL in the form that redis-py takes."""
        return self.redis_url or f"unix://{self.home / 'run' / 'valkey.sock'}"

    @cached_property
    def database(self) -> str:
        """The store's SQLAlchemy URL."""
        parts = urlsplit(self.database_url)
        user, at, where = parts.netloc.rpartition("@")
        if at and ":" not in user and self.postgres_password:
            return parts._replace(netloc=f"{user}:{quote(self.postgres_password, safe='')}@{where}").geturl()
        return self.database_url or f"sqlite:///{self.home / 'darkroom.db'}"

    @cached_property
    def blobs(self) -> str:
        """The URL of the place where uploads wait."""
        return self.blob_url or f"file://{self.home / 'spool'}"

    @property
    def copies(self) -> Path:
        """Folder for local copies of uploads that wait elsewhere."""
        return self.home / "copies"

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """`LIBRARY_ROOTS`, resolved."""
        return tuple(Path(root).expanduser().resolve() for root in self.library_roots.split(os.pathsep) if root)
