"""docker-compose.yml as Compose reads it: anchors merged, variables filled in with what holds without a .env."""

import re
from typing import Any, Final

import yaml

from tests.sources import ROOT

FILE: Final = ROOT / "docker-compose.yml"
EXAMPLE: Final = ROOT / ".env.example"
OURS: Final = "darkroom:"
_VARIABLE: Final = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")


def variables() -> dict[str, str]:
    """Its variables, and what they are where nobody sets them."""
    found: dict[str, str] = {}
    for name, default in _VARIABLE.findall(FILE.read_text()):
        assert found.setdefault(name, default) == default, f"{name} has two defaults"
    return found


def read(**env: str) -> dict[str, Any]:
    """The whole file, with these variables set."""
    text = _VARIABLE.sub(lambda match: env.get(match[1], match[2]), FILE.read_text())
    assert "${" not in text, "a variable without a default"
    whole: dict[str, Any] = yaml.safe_load(text)
    return whole


def services(**env: str) -> dict[str, dict[str, Any]]:
    """Its services by name."""
    found: dict[str, dict[str, Any]] = read(**env)["services"]
    return found


def is_ours(service: dict[str, Any]) -> bool:
    """Whether it runs the `darkroom` program."""
    return bool(service["command"][0] == "darkroom") if "command" in service else False


def seconds(duration: str) -> float:
    """Such as `150s`."""
    assert duration.endswith("s"), duration
    return float(duration[:-1])
