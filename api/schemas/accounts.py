"""Who somebody is, and what their documents cost."""

from pydantic import BaseModel, Field


class User(BaseModel):
    """Somebody; `id` 0 while accounts are off."""

    id: int
    username: str
    created_at: float = Field(description="Seconds since 1970.")


class Token(BaseModel):
    """For `Authorization: Bearer`."""

    access_token: str
    token_type: str


class Usage(BaseModel):
    """What one document cost; tokens are the engine's own count."""

    id: int
    user_id: int | None
    job_id: str
    kind: str
    name: str
    engine: str
    pages: int
    prompt_tokens: int
    completion_tokens: int
    prompt_chars: int
    completion_chars: int
    input_bytes: int
    seconds: float
    created_at: float = Field(description="Seconds since 1970.")


class UsageSummary(BaseModel):
    """Sums over all documents."""

    documents: int
    pages: int
    prompt_tokens: int
    completion_tokens: int
    prompt_chars: int
    completion_chars: int
    input_bytes: int
    tokens: int
