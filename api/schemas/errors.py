"""Errors, as every native route answers them."""

from typing import Any, Final

from pydantic import BaseModel, Field


class ErrorDetail(BaseModel):
    """What went wrong, and the next step where there is one."""

    code: str = Field(description="Stable; see the table of error codes.")
    message: str
    hint: str | None = None


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorDetail


class ItemError(BaseModel):
    """Why an item, a page or a whole job failed."""

    code: str
    message: str


REFUSED: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"model": ErrorBody, "description": "An error, by its status and code."}
}
"""For routers whose errors have our form."""
