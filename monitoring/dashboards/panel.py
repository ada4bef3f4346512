"""One panel: what it asks, in which unit, and where it turns yellow and red."""

from dataclasses import dataclass
from typing import Any, Final, Literal

Json = dict[str, Any]
Kind = Literal["timeseries", "stat", "table", "bargauge"]

WIDE: Final = 12
"""Columns from which on a legend finds room beside the lines."""

SOURCE: Final[Json] = {"type": "prometheus", "uid": "${datasource}"}
"""The data source that is chosen at the top of the dashboard."""


@dataclass(frozen=True, slots=True)
class Query:
    """One expression, and how its series are named in the legend."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel without its place.

    Attributes:
        unit: one of Grafana's: s, short, percentunit, bytes, reqps, ops.
        width: of the 24 columns.
        steps: from which value on it is which colour; below the first it is green.
        stacked: whether the series are parts of a whole.
        most: the value at the top of the axis, where there is one.
        words: what stands for a value, such as 1 for up.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    width: int = 12
    height: int = 8
    steps: tuple[tuple[float, str], ...] = ()
    base: str = "green"
    stacked: bool = False
    most: float | None = None
    words: tuple[tuple[float, str], ...] = ()

    def json(self, number: int, x: int, y: int) -> Json:
        """As Grafana reads it."""
        table = self.kind == "table"
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": self._options(),
            "targets": [_target(query, index, table) for index, query in enumerate(self.queries)],
            **({"transformations": TABLE_COLUMNS} if table else {}),
        }

    def _defaults(self) -> Json:
        steps = [{"color": self.base, "value": None}, *({"color": colour, "value": at} for at, colour in self.steps)]
        mapped = {str(value): {"text": word, "index": index} for index, (value, word) in enumerate(self.words)}
        return {
            "unit": self.unit,
            "min": 0,
            **({"max": self.most} if self.most is not None else {}),
            "color": {"mode": "palette-classic" if self.kind == "timeseries" else "thresholds"},
            "thresholds": {"mode": "absolute", "steps": steps},
            "mappings": [{"type": "value", "options": mapped}] if mapped else [],
            **({"custom": self._lines()} if self.kind == "timeseries" else {}),
        }

    def _options(self) -> Json:
        if self.kind != "timeseries":
            return OPTIONS[self.kind]
        wide = {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"]}
        narrow = {"displayMode": "list", "placement": "bottom", "calcs": []}
        legend = {"showLegend": True, **(wide if self.width >= WIDE else narrow)}
        return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}

    def _lines(self) -> Json:
        return {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 30 if self.stacked else 8,
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if self.steps else "off"},
        }


OPTIONS: Final[dict[str, Json]] = {
    "stat": {
        "colorMode": "background",
        "graphMode": "area",
        "textMode": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "bargauge": {
        "displayMode": "gradient",
        "orientation": "horizontal",
        "showUnfilled": True,
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
}
TABLE_COLUMNS: Final[list[Json]] = [
    {"id": "organize", "options": {"excludeByName": {"Time": True, "__name__": True, "job": True}}}
]


def _target(query: Query, index: int, table: bool) -> Json:
    shape = {"format": "table", "instant": True} if table else {"format": "time_series", "range": True}
    return {
        "refId": chr(ord("A") + index),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend,
        **shape,
    }
