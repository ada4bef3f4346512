"""Which analyses a photo can be asked for."""

from collections.abc import Iterable
from typing import Final

from tasks.errors import TaskError
from tasks.settings import TaskSettings

ANALYSES: Final = ("ocr",)
PROBE: Final = "probe"


class UnknownTask(TaskError):
    """An analysis that does not exist here."""

    code = "unknown_task"


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
