"""The comparison as a picture: how many times the reference, and how much of the machine's limit."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cli.bench.rows import Row
from cli.errors import CommandError

KINDS: Final = (".svg", ".png")
OURS, THEIRS, EDGE = "#2f6f8f", "#c9a27a", "#555555"


def check(path: Path) -> None:
    """Refuse before anything is measured. Raises CommandError."""
    if path.suffix not in KINDS:
        raise CommandError(f"{path} is neither .svg nor .png.")
    if importlib.util.find_spec("matplotlib") is None:
        raise CommandError("A plot needs matplotlib, which is not installed.", ".venv/bin/pip install matplotlib")


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw rows that have a reference server beside them, and rates by clients below. Raises CommandError."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    compared = [row for row in rows if "limit" in row.get("detail", {})]
    if not compared:
        raise CommandError("Nothing of this run can be drawn.", "Rows with a reference: ocr, clip_image, clip_text ...")
    by_clients = [row for row in compared if "ways" in row["detail"]]
    columns = max(1, len(by_clients))
    figure = pyplot.figure(figsize=(3.2 * max(3, columns), 6.4), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False)[:, 0]
    left, right = upper.subplots(1, 2)
    _bars(left, compared, "ratio", "times the reference", 1.0)
    _bars(right, compared, "limit_share", "of the machine's limit", 1.0)
    if by_clients:
        for axes, row in zip(lower.subplots(1, columns, squeeze=False)[0], by_clients, strict=True):
            _lines(axes, row)
    figure.savefig(path)
    pyplot.close(figure)


def _bars(axes: Any, rows: Sequence[Row], key: str, title: str, line: float) -> None:
    names = [row["name"].replace("_", " ") for row in rows][::-1]
    values = [row[key] for row in rows][::-1]
    bars = axes.barh(names, values, color=OURS)
    axes.bar_label(bars, [f"{value:.2f}" for value in values], padding=3)
    axes.axvline(line, color=EDGE, linewidth=1, linestyle="--")
    axes.set_xlim(0, 1.2 * max(*values, line))
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def _lines(axes: Any, row: Row) -> None:
    """Answers a second by clients."""
    detail = row["detail"]
    for name, side, colour in (("Darkroom", detail["ours"], OURS), ("reference", detail["reference"], THEIRS)):
        counts = sorted(side["clients"])
        axes.plot(counts, [side["clients"][count]["rate"] for count in counts], "o-", color=colour, label=name)
    axes.axhline(detail["limit"]["rate"], color=EDGE, linewidth=1, linestyle="--", label="limit")
    axes.set_title(f"{row['name'].replace('_', ' ')}, {row['unit']}", fontsize=10)
    axes.set_xlabel("clients")
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=False)
