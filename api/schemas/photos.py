"""One photo or text, answered when it is done."""

from pydantic import BaseModel

from api.schemas.results import Results


class Timing(BaseModel):
    """Milliseconds; nothing for what was known."""

    queue_ms: float
    run_ms: float


class Photo(BaseModel):
    """What is known of a photo."""

    sha256: str
    width: int
    height: int
    results: Results
    models: dict[str, str]
    cached: list[str]
    timing: Timing


class TextVector(BaseModel):
    """The vector of a text."""

    embedding: list[float]
    model: str
