"""An error that happened in a worker, carried to the process that asked."""

from engines.errors import EngineError
from tasks.errors import TaskError


class Failure(Exception):
    """A worker's own error.

    Attributes:
        code: of the error there: of `engines.errors` or `tasks.errors`.
        hint: the next step, where there is one.
    """

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


def said(error: EngineError | TaskError) -> str:
    """What went wrong and the next step, in one."""
    if not error.hint:
        return str(error)
    return f"{error} {error.hint}" if str(error).endswith(".") else f"{error}: {error.hint}"
