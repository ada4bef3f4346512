"""What a command says when it cannot do what it was asked.

CommandError
  + ServerUnreachable     nobody answers, or the connection broke
  + ServerRefused         the service answered with an error
"""


class CommandError(Exception):
    """Ends the command with one line for people; `hint` names the next step where there is one."""

    exit_status = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} {self.hint}" if self.hint else message


class ServerUnreachable(CommandError):
    """Nobody answers at the server's address; `sent`: the request may have reached it."""

    def __init__(self, message: str, hint: str | None = None, sent: bool = False) -> None:
        super().__init__(message, hint)
        self.sent = sent


class ServerRefused(CommandError):
    """The service answered with an error.

    Attributes:
        status: the HTTP status.
        code: the stable code of the error, `""` where the answer is not in our form.
        retry_after_s: seconds after which the service asks to try again.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
