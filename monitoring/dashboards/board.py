"""A dashboard: rows of panels under the choice of data source and instance."""

from dataclasses import dataclass
from typing import Any, Final

from monitoring.dashboards.panel import SOURCE, Json, Panel

COLUMNS: Final = 24
SCHEMA: Final = 39
"""The version of Grafana's format (that of Grafana 11; later ones read it and bring it up to date)."""


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard.

    Attributes:
        uid: stable, the end of its address.
        rows: panels beside each other; those of a row are of one height.
        instances: what `$instance` may be, as a selector of `up`.
    """

    uid: str
    title: str
    description: str
    rows: tuple[tuple[Panel, ...], ...]
    instances: str = 'job=~"darkroom.*"'

    def json(self) -> Json:
        """As Grafana reads it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["darkroom"],
            "schemaVersion": SCHEMA,
            "version": 1,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-1h", "to": "now"},
            "timezone": "browser",
            "links": [LINKS],
            "annotations": {"list": [FIRING]},
            "templating": {"list": [DATA_SOURCE, self._instance()]},
            "panels": self._placed(),
        }

    def _instance(self) -> Json:
        asked = f"label_values(up{{{self.instances}}}, instance)"
        return {
            "name": "instance",
            "label": "Instance",
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": asked, "refId": "instance"},
            "definition": asked,
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": ["All"], "value": ["$__all"]},
        }

    def _placed(self) -> list[Json]:
        placed: list[Json] = []
        y = 0
        for row in self.rows:
            x = 0
            for panel in row:
                placed.append(panel.json(len(placed) + 1, x, y))
                x += panel.width
            y += row[0].height
        return placed


DATA_SOURCE: Final[dict[str, Any]] = {
    "name": "datasource",
    "label": "Data source",
    "type": "datasource",
    "query": "prometheus",
    "current": {},
}
LINKS: Final[dict[str, Any]] = {
    "type": "dashboards",
    "title": "Darkroom",
    "tags": ["darkroom"],
    "asDropdown": True,
    "keepTime": True,
    "includeVars": False,
}
FIRING: Final[dict[str, Any]] = {
    "name": "Critical alerts",
    "datasource": SOURCE,
    "enable": True,
    "iconColor": "red",
    "expr": 'ALERTS{alertstate="firing", severity="critical"}',
    "titleFormat": "{{alertname}}",
    "step": "60s",
}
