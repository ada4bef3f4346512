"""What monitoring/ holds: every rule, and every question that a dashboard asks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "monitoring"
RULE_FILES: Final = ("recording.yml", "alerts.yml")


def rules(name: str) -> list[dict[str, Any]]:
    """The rules of one file, in their order."""
    groups = yaml.safe_load((FOLDER / name).read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    """Every alert."""
    return rules("alerts.yml")


def dashboards() -> list[dict[str, Any]]:
    """Every dashboard as Grafana gets it."""
    return [json.loads(path.read_text()) for path in sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))]


def queries() -> Iterator[tuple[str, str]]:
    """Every expression of a dashboard, with the place that it stands in."""
    for board in dashboards():
        for panel in board["panels"]:
            for target in panel["targets"]:
                yield f"{board['title']}: {panel['title']} {target['refId']}", target["expr"]


def filled(expr: str, instance: str = ".*", interval: str = "15s") -> str:
    """A dashboard's expression with Grafana's variables replaced."""
    return expr.replace("$instance", instance).replace("$__rate_interval", interval)
