"""What the openai client raises -> whether another endpoint helps, waiting helps, or nothing does.

Errors inside a stream that began with 200 come without an HTTP status; vLLM puts it into `error.code`.
"""

from typing import TYPE_CHECKING, Final

from engines.document.endpoints import EndpointBroken, EndpointBusy
from engines.document.errors import DocumentError
from engines.errors import InferenceFailed, ModelUnknown

if TYPE_CHECKING:
    import openai

LONGEST: Final = 300


def translate(error: Exception, begun: bool) -> Exception:
    """What to raise instead.

    Args:
        error: from the client, or from the parsing of what came.
        begun: whether text had come before.

    Returns:
        EndpointBroken: it does not answer, broke off, or failed in itself (5xx).
        EndpointBusy: 429 or 503.
        DocumentError: our key is refused (401, 403).
        ModelUnknown: it does not serve the model (404).
        InferenceFailed: it will not have this request (any other 4xx).
    """
    import openai

    if isinstance(error, openai.APIError):
        status = _status(error)
        if status in (429, 503):
            return EndpointBusy(_message(error))
        if status in (401, 403):
            return DocumentError(
                "The document engine refuses our key.", "Set LLM_API_KEY to the key it was started with."
            )
        if status == 404:
            hint = "LLM_MODEL must be a name that `GET /v1/models` of the engine lists."
            return ModelUnknown(f"The document engine says: {_message(error)}", hint)
        if 400 <= status < 500 and status != 408:
            return InferenceFailed(f"The document engine refuses this page: {_message(error)}")
        # An error inside the server may be the page's fault, and must not be tried for ever.
        return EndpointBroken(_message(error), begun or status == 500)
    if isinstance(error, ValueError):
        return EndpointBroken(f"what it sends is no stream of completions: {error}", begun)
    return error


def _status(error: "openai.APIError") -> int:
    """The HTTP status, or the one inside the stream; 0 where there is none."""
    status = getattr(error, "status_code", None)
    if status is None:
        status = int(error.code) if error.code and error.code.isdecimal() else 0
    return int(status)


def _message(error: "openai.APIError") -> str:
    body = error.body
    said = body.get("message") if isinstance(body, dict) else None
    cause = f" ({error.__cause__})" if error.__cause__ and str(error.__cause__) else ""
    return (str(said or error.message).strip() + cause)[:LONGEST]
