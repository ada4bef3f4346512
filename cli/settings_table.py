"""The table of all settings, made from the settings classes: `python -m cli.settings_table > docs/settings.md`."""

import sys
from pathlib import Path

from pydantic_settings import BaseSettings

HEAD = """# Settings

All settings are environment variables. `darkroom up --help` lists those that are options too.

For each, `NAME_FILE` may name a file whose content is the value of `NAME`; it wins over `NAME`. So keys and passwords
need not stand in an environment: `API_AUTH_KEY_FILE=/run/secrets/api_auth_key`.
"""


def markdown() -> str:
    """The page, a section for each package."""
    from api.settings import ApiSettings
    from cli.log_settings import LogSettings
    from engines.settings import EngineSettings
    from tasks.settings import TaskSettings

    sections = (
        ("API", ApiSettings),
        ("Queue and store", TaskSettings),
        ("Engines", EngineSettings),
        ("Logs", LogSettings),
    )
    return HEAD + "".join(_section(title, settings) for title, settings in sections)


def _section(title: str, settings: type[BaseSettings]) -> str:
    rows = [f"\n## {title}\n", "| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in settings.model_fields.items():
        variable = field.validation_alias if isinstance(field.validation_alias, str) else name
        rows.append(f"| `{variable.upper()}` | {_default(field.default)} | {_cell(field.description or '')} |")
    return "\n".join(rows) + "\n"


def _default(value: object) -> str:
    if value is True or value is False:
        return "`on`" if value else "`off`"
    if isinstance(value, Path):
        return f"`{value}`"
    return f"`{value}`" if value not in ("", None) else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(markdown())
