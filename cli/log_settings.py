"""How all programs write their logs, from the environment."""

from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class LogSettings(BaseSettings):
    """Form and amount of what goes to stderr."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    log_format: Literal["text", "json"] = Field(
        default="text", description="Lines of the log: `text` for people, `json` for programs, an object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level of a line that is written: `debug`, `info`, `warning` or `error`."
    )

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        """Names are the same in any case."""
        return value.strip().lower() if isinstance(value, str) else value
