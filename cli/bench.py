"""`darkroom bench`: accuracy and speed, every figure beside a reference taken in the same run."""

import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console


def bench(
    data: Annotated[
        Path,
        typer.Option(help="Labelled pictures: a folder with manifest.json. Without it only the queue is measured."),
    ] = Path("../shared/testdata/ocr"),
    output: Annotated[Path | None, typer.Option("--json", envvar="BENCH_JSON", help="Write the rows as JSON.")] = None,
    document: Annotated[
        bool, typer.Option("--document", help="Measure what Darkroom adds to the document engine at LLM_BASE_URL.")
    ] = False,
    requests: Annotated[int, typer.Option(min=10, help="Requests for each figure of the queue.")] = 200,
    rescan: Annotated[int, typer.Option(min=2000, help="Pictures of the large rescan.")] = 20_000,
    pages: Annotated[int, typer.Option(min=8, help="Pages of a turn, with --document.")] = 64,
) -> None:
    """Measure reading (against the plain RapidOCR pipeline on the same weights), the queue and a rescan.

    Example: darkroom bench --json bench.json
    """
    from rich.console import Console

    from cli import bench_document_engine, bench_rescan

    console = Console()
    if document:
        rows = bench_document_engine.measure(bench_document_engine.Plan(pages=pages), console)
    else:
        rows = [*_usual(data, requests, console), bench_rescan.large(rescan, console), *bench_rescan.beside(console)]
    console.print(_table(rows))
    if output is not None:
        output.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2, ensure_ascii=False) + "\n")
        console.print(f"Written to {output}")


def _usual(data: Path, requests: int, console: "Console") -> list[dict[str, Any]]:
    from cli import bench_document, bench_ocr, bench_queue

    rows: list[dict[str, Any]] = []
    labelled = bench_ocr.labelled(data)
    if labelled:
        rows += bench_ocr.measure(labelled, console)
    else:
        console.print(f"[yellow]No labelled pictures in {data}: reading is not measured.[/]")
    if files := bench_document.documents(data):
        rows += bench_document.measure(files, console)
    return rows + bench_queue.measure(requests, labelled, photos(data), console)


def photos(data: Path) -> list[Path]:
    """Photographs beside the labelled pictures, of which some show people; those of the demo where there are none."""
    from cli.samples import photo_paths

    beside = [data.parent / "clip", data.parent / "faces"]
    found = [path for folder in beside for path in sorted(folder.glob("*.jpg"))[:6]]
    return found or photo_paths()


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": len(os.sched_getaffinity(0)), "python": platform.python_version()}


def row(name: str, unit: str, value: float, **more: Any) -> dict[str, Any]:
    """One row of the report; what does not apply is None."""
    keys = ("cpu_s_per_item", "reference", "ratio", "limit_share", "accuracy")
    return {"name": name, "unit": unit, "value": round(value, 4)} | {key: more.get(key) for key in keys}


def _table(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(title="Darkroom bench")
    for column in ("what", "value", "unit", "CPU s each", "reference", "ratio", "accuracy"):
        table.add_column(column, justify="left" if column in ("what", "unit", "accuracy") else "right")
    for r in rows:
        cells = [r["name"], f"{r['value']:.3f}", r["unit"], r["cpu_s_per_item"], r["reference"], r["ratio"]]
        accuracy = ", ".join(f"{key} {value:.4f}" for key, value in (r["accuracy"] or {}).items())
        table.add_row(*("" if c is None else c if isinstance(c, str) else f"{c:.4f}" for c in cells), accuracy)
    return table
