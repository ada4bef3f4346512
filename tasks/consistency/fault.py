"""What is wrong, and what is looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tasks.blobs import Blobs
from tasks.jobs import Jobs
from tasks.store.session import Store


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not fit.

    Attributes:
        found: a line for people.
        mend: mends it and says what was done, or None where it could not; None where that is somebody else's to do.
        step: what to do, where it cannot be mended; nothing can run like this.
    """

    found: str
    mend: Callable[[], str | None] | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A store and its uploads.

    Attributes:
        blobs: None where only the store is looked at.
        blob_ttl_s: age after which uploads that nobody needs would be removed.
        idle: no service works on them now.
    """

    store: Store
    blobs: Blobs | None
    blob_ttl_s: float
    idle: bool
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", Jobs(self.store))


def some(count: int, what: str) -> str:
    """`1 photo`, `2 photos`."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")
