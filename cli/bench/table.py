"""The report as it is read: ratios first, then each way in, then everything else."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from cli.bench.rows import Row

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

BOTH: Final = (("CPU ms each", "cpu_s", 1000), ("alone, p50 ms", "lonely_ms", 1), ("most memory, MB", "memory_mb", 1))
"""What is told of both sides: title, name among the details, and by what it is multiplied."""


def show(rows: Sequence[Row], console: "Console") -> None:
    """Print all that has something in it."""
    compared = [row for row in rows if "limit" in row.get("detail", {})]
    if compared:
        console.print(_compared(compared))
        for row in compared:
            console.print(_told(row))
    by_way = [row for row in compared if "ways" in row["detail"]]
    if by_way:
        console.print(_ways(by_way))
    profiled = [row for row in rows if "profile" in row.get("detail", {})]
    if profiled:
        console.print(_profiled(profiled))
    rest = [row for row in rows if row not in compared and row not in profiled]
    if rest:
        console.print(_rest(rest))


def _compared(rows: Sequence[Row]) -> "Table":
    """A column for each row of the report, so that it fits a narrow terminal."""
    table = _table("Darkroom, and the reference server at its best, by turns in this run", "")
    for row in rows:
        table.add_column(row["name"].replace("_", " "), justify="right")
    table.add_row("", *(row["unit"] for row in rows))
    table.add_row("Darkroom", *(figure(row["value"]) for row in rows))
    table.add_row("reference", *(figure(row["reference"]) for row in rows))
    table.add_row("[bold]times the reference[/]", *(f"[bold]{row['ratio']:.2f}[/]" for row in rows))
    table.add_row("the machine's limit", *(figure(row["detail"]["limit"]["rate"]) for row in rows))
    table.add_row("[bold]share of it[/]", *(f"[bold]{row['limit_share']:.0%}[/]" for row in rows))
    by_cpu = [row["detail"]["limit"]["cpu_s"] / row["detail"]["ours"]["cpu_s"] for row in rows]
    table.add_row("  by CPU seconds", *(f"{share:.0%}" for share in by_cpu), end_section=True)
    for title, key, scale in BOTH:
        for side, name in (("ours", title), ("reference", "  the reference's")):
            found = [row["detail"][side].get(key) for row in rows]
            cells = ["" if value is None else figure(scale * value) for value in found]
            table.add_row(name, *cells, end_section=side == "reference")
    return table


def _told(row: Row) -> str:
    """What else is to be known of a row: how right both sides are, and how they were set up."""
    detail = row["detail"]
    setting, limit = detail["reference"]["setting"], detail["limit"]
    text = f"[bold]{row['name'].replace('_', ' ')}[/]: {named(row['accuracy'])}."
    if isinstance(setting, str):
        text += f" Reference: {setting}."
    if "decode_ms" in limit:
        ways = "; ".join(f"{model}: {way}" for model, way in limit["how"].items())
        text += f" Limit: decode {figure(limit['decode_ms'])} + model {figure(limit['model_ms'])} ms ({ways})."
    return text


def _ways(rows: Sequence[Row]) -> "Table":
    table = _table("A second, by the way in and by clients", "")
    table.add_column("way")
    counts = sorted({int(clients) for row in rows for rates in row["detail"]["ways"].values() for clients in rates})
    for clients in counts:
        table.add_column(str(clients), justify="right")
    for row in rows:
        reference = {clients: one["rate"] for clients, one in row["detail"]["reference"]["clients"].items()}
        for place, (way, rates) in enumerate({**row["detail"]["ways"], "reference": reference}.items()):
            cells = [figure(rates[clients]) if clients in rates else "" for clients in counts]
            table.add_row(row["name"] if place == 0 else "", way.replace("_", " "), *cells)
        table.add_section()
    return table


def _profiled(rows: Sequence[Row]) -> "Table":
    """Milliseconds of each part of a photo's time."""
    table = _table("Where a photo's time goes, ms; the way and the queue through HTTP, the work in one thread", "")
    for row in rows:
        table.add_column(row["name"].removeprefix("photo, "), justify="right")
    for part in rows[0]["detail"]["profile"]:
        table.add_row(part, *(figure(row["detail"]["profile"][part]) for row in rows))
    table.add_section()
    table.add_row("[bold]the work[/]", *(figure(row["value"]) for row in rows))
    return table


def _rest(rows: Iterable[Row]) -> "Table":
    table = _table("More", "what")
    table.add_column("value", justify="right")
    table.add_column("unit")
    for title in ("CPU s each", "reference", "ratio"):
        table.add_column(title, justify="right")
    table.add_column("beside it")
    for row in rows:
        cells = ["" if row[key] is None else figure(row[key]) for key in ("cpu_s_per_item", "reference", "ratio")]
        table.add_row(row["name"], figure(row["value"]), row["unit"], *cells, named(row["accuracy"]))
    return table


def _table(title: str, first: str) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE)
    table.add_column(first)
    return table


def named(values: dict[str, float] | None) -> str:
    """Figures with their names."""
    return ", ".join(f"{key} {figure(value)}" for key, value in (values or {}).items())


def figure(value: float) -> str:
    """A number with as many digits as say something."""
    size = abs(value)
    if 0.99 <= size < 1.005 and value != 1:  # a cosine or a share: what is missing is what counts
        return f"{value:.5f}"
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.4f}"
