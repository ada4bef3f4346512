"""Queue names and what goes where.

Interactive work (somebody waits), documents and bulk work (rescans, batches) never share a queue. A worker serves the
queues of one or more classes, interactive first.
"""

from typing import Final, Literal

Priority = Literal["interactive", "document", "bulk"]

PHOTO: Final = "darkroom.photo"
"""Task: one photo for somebody who waits; the answer goes to the caller's reply list."""

TEXT: Final = "darkroom.text"
"""Task: the vector of a text for somebody who searches."""

ARTIFACT: Final = "darkroom.artifact"
"""Task: make something of a document, or a preview of a photo, for somebody who waits."""

PICTURE: Final = "darkroom.picture"
"""Task: a small picture of a known photo, for somebody who waits."""

DRAW: Final = "darkroom.draw"
"""Task: draw leases from the store and work on them until nothing is left or the turn is over."""

LIST: Final = "darkroom.list"
"""Task: list what a job consists of into the store: a library's photos, or a document's pages."""

QUEUES: Final[dict[Priority, tuple[str, ...]]] = {
    "interactive": ("interactive.text", "interactive.photo", "interactive.jobs"),
    "document": ("document.list", "document.pages"),
    "bulk": ("bulk.jobs", "bulk.list"),
}

TEXT_QUEUE: Final = "interactive.text"
PHOTO_QUEUE: Final = "interactive.photo"
LIST_QUEUE: Final = "bulk.list"
OPEN_QUEUE: Final = "document.list"
JOB_QUEUES: Final[dict[Priority, str]] = {
    "interactive": "interactive.jobs",
    "document": "document.pages",
    "bulk": "bulk.jobs",
}

ALL_QUEUES: Final = tuple(queue for queues in QUEUES.values() for queue in queues)


def expand(names: str) -> tuple[str, ...]:
    """The queues behind a comma-separated list of classes or queue names, in the order in which they are served.

    Raises:
        ValueError: for a name that is neither.
    """
    wanted: set[str] = set()
    for name in filter(None, (part.strip() for part in names.split(","))):
        found = [q for priority, queues in QUEUES.items() for q in queues if name in (priority, q, f"{priority}.*")]
        if not found:
            raise ValueError(f"No queue {name!r}. Known: interactive, document, bulk, {', '.join(ALL_QUEUES)}.")
        wanted.update(found)
    return tuple(queue for queue in ALL_QUEUES if queue in wanted)
