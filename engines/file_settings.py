"""Settings from the environment, where `NAME_FILE` may name a file that holds the value of `NAME`.

So passwords and keys need not stand in an environment that every tool shows: Docker, Kubernetes and systemd hand over
secrets as files.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)


class FileSettings(BaseSettings):
    """What the settings of all packages have in common. A file wins over a variable that is set as well."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where values come from, the strongest first."""
        return init_settings, _Files(settings_cls), env_settings


class _Files(PydanticBaseSettingsSource):
    """Values of the files that variables name."""

    def __call__(self) -> dict[str, Any]:
        """All that are there. Raises SettingsError."""
        found = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in found if value is not None}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The content of a field's file, or None."""
        alias = field.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else [alias or field_name]
        for name in map(str, names):
            if path := os.environ.get(f"{name.upper()}_FILE"):
                return _content(f"{name.upper()}_FILE", path), name, False
        return None, field_name, False


def _content(variable: str, path: str) -> str:
    """Without the line end that editors and `echo` leave behind it."""
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingsError(f"{variable}={path} cannot be read: {reason}.") from error
