"""Which analyses a photo can be asked for, and how one is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from tasks.errors import TaskError
from tasks.settings import TaskSettings

ANALYSES: Final = ("ocr", "clip", "face")
TEXT: Final = "clip_text"
"""The capability that turns a text into a vector; no analysis of photos."""

CAPABILITIES: Final = (*ANALYSES, TEXT)
PROBE: Final = "probe"
DOCUMENT: Final = "document"
"""The only task of a document's job; its items are pages."""

FACE_FLOOR: Final = 0.5
"""Faces are kept from this certainty on, so that callers with different thresholds share one result."""

TEXT_FLOOR: Final = 0.5
"""The same for lines of text."""


class UnknownTask(TaskError):
    """An analysis that does not exist here."""

    code = "unknown_task"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One analysis that is asked for.

    Attributes:
        name: one of ANALYSES.
        model: its name; None for the configured one.
        options: what changes the result, beside the model; empty for the usual.
    """

    name: str
    model: str | None = None
    options: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The options in one canonical form, as part of the memory's key."""
        return orjson.dumps(dict(self.options), option=orjson.OPT_SORT_KEYS).decode() if self.options else ""

    def as_list(self) -> list[Any]:
        """The form in which it travels in a message."""
        return [self.name, self.model, dict(self.options)]


def check(names: Iterable[str], settings: TaskSettings) -> tuple[str, ...]:
    """The analyses asked for, each once, in order.

    Raises:
        UnknownTask: for a name that is none, or for no name at all.
    """
    known = (*ANALYSES, PROBE) if settings.enable_probe else ANALYSES
    wanted = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    wrong = [name for name in wanted if name not in known]
    if wrong or not wanted:
        problem = f"There is no task {wrong[0]!r}." if wrong else "No task is named."
        raise UnknownTask(problem, f"Known tasks: {', '.join(known)}.")
    return wanted


def usual(names: Iterable[str], models: Mapping[str, str] | None = None) -> tuple[Wanted, ...]:
    """Analyses by the configured models, but for those of which another one is named."""
    return tuple(Wanted(name, (models or {}).get(name)) for name in names)


def faces(model: str | None, min_score: float) -> Wanted:
    """Faces from a certainty on; below the floor it is a search of its own."""
    return Wanted("face", model, {} if min_score >= FACE_FLOOR else {"min_score": min_score})


def alike(wanted: Sequence[Wanted]) -> str:
    """What photos of which this is wanted gain by being looked at together: a CLIP network computes several at once."""
    return "clip" if [one.name for one in wanted] == ["clip"] else ""
