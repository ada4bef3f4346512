"""An error that happened in a worker, carried to the process that asked."""


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
