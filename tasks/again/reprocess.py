"""The job of looking at one known photo again; what it finds replaces what was there."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from tasks.again.sources import Place
from tasks.errors import RunTimeout, WrongState
from tasks.failures import Failure
from tasks.ledger import NewItem

KIND: Final = "reprocess"
"""Of its job."""

CONTENT: Final = "content"
"""In its options: the sha256 that the photo's bytes must have."""


def options(sha256: str, tasks: Sequence[str], model: str | None) -> dict[str, Any]:
    """Of its job; `model` is for all of its tasks."""
    return {CONTENT: sha256, "force": True, "models": dict.fromkeys(tasks, model) if model else {}}


def item(sha256: str, place: Place) -> NewItem:
    """Its only one."""
    return NewItem(place.name, blob=place.blob, path=place.path, sha256=sha256)


async def wait(frames: AsyncIterator[dict[str, Any] | None], job_id: str, most_s: float) -> None:
    """Wait for the end of its job, by the job's frames.

    Raises:
        Failure: what the item failed with.
        WrongState: somebody cancelled it.
        RunTimeout: it has not ended within `most_s` seconds.
    """
    failed: dict[str, Any] | None = None
    try:
        async with asyncio.timeout(most_s):
            async for frame in frames:
                if frame is not None and frame["type"] == "item":
                    failed = frame["error"]
                elif frame is not None and frame["type"] == "end" and frame["state"] == "cancelled":
                    raise WrongState(f"Job {job_id} was cancelled.")
    except TimeoutError as error:
        said = f"The photo was not looked at within {most_s:g} s."
        raise RunTimeout(said, f"It waits and goes on: GET /api/jobs/{job_id}") from error
    if failed is not None:
        raise Failure(failed["code"], failed["message"])
