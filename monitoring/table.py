"""The table of metrics at the end of docs/monitoring.md: `python -m monitoring.table` writes it there anew."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client.metrics import MetricWrapperBase

from monitoring import asked, metrics
from monitoring.asked import Asked

PAGE: Final = Path(__file__).parents[1] / "docs" / "monitoring.md"
MARK: Final = "<!-- from here on: python -m monitoring.table -->\n"


class Row(NamedTuple):
    """A metric as Prometheus shows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


def rows() -> Iterator[Row]:
    """Every metric of ours: those that processes count, then those that are asked at the scrape."""
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            (told,) = metric.describe()
            name = f"{told.name}_total" if told.type == "counter" else told.name
            yield Row(name, told.type, tuple(metric._labelnames), told.documentation)
    for value in vars(asked).values():
        for each in value.values() if isinstance(value, dict) else (value,):
            if isinstance(each, Asked):
                name, kind = (f"{each.name}_total", "counter") if each.counter else (each.name, "gauge")
                yield Row(name, kind, each.labels, each.text)


def page() -> str:
    """The page with the table of now."""
    head, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    return head + mark + _table()


def _table() -> str:
    lines = ["", "| Metric | Type | Labels | Meaning |", "|---|---|---|---|"]
    for row in sorted(rows()):
        lines.append(f"| `{row.name}` | {row.kind} | {', '.join(row.labels)} | {row.text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
