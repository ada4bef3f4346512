"""`darkroom bench`: speed and accuracy, every figure beside a reference taken in the same run."""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.bench.plan import FULL, QUICK, ROWS, Plan
from cli.bench.rows import Row, machine
from cli.errors import CommandError

if TYPE_CHECKING:
    from rich.console import Console

    from cli.bench.labelled import Material
    from cli.bench.weights import Weights

Data = Annotated[
    Path,
    typer.Option(help="Labelled pages: a folder with manifest.json, perhaps faces and clip beside it; else drawn."),
]
Faces = Annotated[
    Path, typer.Option(help="Folder with ONNX files of SCRFD and an ArcFace network; else what is configured.")
]
Only = Annotated[str, typer.Option(help=f"Rows to measure, comma-separated, of {', '.join(ROWS)}.")]
Quick = Annotated[bool, typer.Option("--quick", help="A few minutes: fewer pictures, turns and clients.")]
Profile = Annotated[bool, typer.Option("--profile", help="Where the time of a photo goes, and nothing else.")]
Scale = Annotated[bool, typer.Option("--scale", help="How cost grows with what there is, and nothing else.")]
Document = Annotated[
    bool, typer.Option("--document", help="What Darkroom adds to the document engine at LLM_BASE_URL, no more.")
]
Pages = Annotated[int, typer.Option(min=8, help="Pages of a turn, with --document.")]
Rescan = Annotated[int, typer.Option(min=0, help="Pictures of the large rescan; 0 for as many as is usual.")]
Output = Annotated[Path | None, typer.Option("--json", envvar="BENCH_JSON", help="Write the rows as JSON.")]
Plot = Annotated[Path | None, typer.Option(help="Draw the comparison, as .svg or .png (needs matplotlib).")]

COMPARED = ("ocr", "clip_image", "clip_text", "faces")


def bench(
    data: Data = Path("../shared/testdata/ocr"),
    faces: Faces = Path("../shared/models/face"),
    only: Only = "",
    quick: Quick = False,
    profile: Profile = False,
    scale: Scale = False,
    document: Document = False,
    pages: Pages = 64,
    rescan: Rescan = 0,
    output: Output = None,
    plot: Plot = None,
) -> None:
    """Measure Darkroom against a plain server on the same weights, and against what the machine can do.

    Example: darkroom bench --quick --json bench.json --plot bench.svg
    """
    from rich.console import Console

    from cli.bench import plot as plotting

    console, wanted, plan = Console(), _wanted(only), QUICK if quick else FULL
    if plot is not None:
        plotting.check(plot)
    if document:
        from cli.bench import document_engine

        rows = document_engine.measure(document_engine.Plan(pages=pages), console)
    else:
        plan = replace(plan, bulk=rescan or plan.bulk)
        rows = _measure(data, faces, wanted, plan, console, profile=profile, scale=scale)
    _report(rows, console, output, plot)


def _report(rows: list[Row], console: "Console", output: Path | None, plot: Path | None) -> None:
    from cli.bench import plot as plotting
    from cli.bench import table

    table.show(rows, console)
    if output is not None:
        output.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2, ensure_ascii=False) + "\n")
        console.print(f"Written to {output}")
    if plot is not None:
        plotting.draw(rows, plot)
        console.print(f"Drawn to {plot}")


def _wanted(only: str) -> tuple[str, ...]:
    named = tuple(name.strip() for name in only.split(",") if name.strip())
    wrong = [name for name in named if name not in ROWS]
    if wrong:
        raise typer.BadParameter(f"There is no row {wrong[0]!r}; there are {', '.join(ROWS)}.", param_hint="--only")
    return named or ROWS


def _measure(
    data: Path, faces: Path, wanted: Sequence[str], plan: Plan, console: "Console", *, profile: bool, scale: bool
) -> list[Row]:
    from cli.bench import labelled, weights

    said = machine()
    console.print(f"{said['cpu']}, {said['cores']} cores, load {said['load']} before this run")
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as name, tempfile.TemporaryDirectory() as drawn:
        material = labelled.material(data, Path(drawn))
        pack = faces if faces.is_dir() else None
        chosen = weights.gather(Path(name), pack, ("rescan",) if profile or scale else tuple(wanted), console)
        for note in filter(None, (material.note, *chosen.notes)):
            console.print(f"[yellow]{note}[/]")
        if profile:
            from cli.bench.profile import measure as profiled

            return profiled(material, chosen, plan, console)
        if scale:
            from cli.bench.scale import measure as scaled

            return scaled(material, chosen, plan, console)
        return [*_compare(material, chosen, wanted, plan, console), *_others(data, material, wanted, plan, console)]


def _compare(
    material: "Material", weights: "Weights", wanted: Sequence[str], plan: Plan, console: "Console"
) -> list[Row]:
    """The rows that stand beside the reference server; one that fails says why, and the others go on."""
    from rich.progress import Progress

    from cli.bench import compare, library, subject

    rows: list[Row] = []
    tuned = {}
    with Progress(console=console, transient=True) as bar:
        for name in (name for name in COMPARED if name in wanted):
            asked = subject.subject(name, material, plan.pictures)
            if asked is None:
                console.print(f"[yellow]{name} is not measured: {subject.MISSING[name]}.[/]")
                continue
            with _going_on(name, console):
                measured = compare.compare(asked, weights, plan, bar)
                rows.append(measured.row)
                tuned[name] = measured.setting
        if "rescan" in wanted and material.every:
            with _going_on("rescan", console):
                rows.append(library.compare(material, weights, tuned, plan, bar))
    return rows


@contextlib.contextmanager
def _going_on(name: str, console: "Console") -> Iterator[None]:
    """What goes wrong in a row is told, and ends this row alone."""
    from engines.errors import EngineError

    try:
        yield
    except (CommandError, EngineError, RuntimeError, OSError) as error:
        console.print(f"{name} could not be measured: {error}", style="red", markup=False)


def _others(data: Path, material: "Material", wanted: Sequence[str], plan: Plan, console: "Console") -> list[Row]:
    from cli.bench import document, queue, rescan
    from cli.bench.subject import spread

    rows: list[Row] = []
    some = (material.pages[: plan.pictures], material.photos[: plan.pictures])
    ways: dict[str, Callable[[], list[Row]]] = {
        "queue": lambda: queue.measure(plan.requests, *some, console),
        "bulk": lambda: [rescan.large(plan.bulk, console)],
        "beside": lambda: rescan.beside(plan.beside, plan.turns, console),
    }
    if files := document.documents(data):
        ways["document"] = lambda: document.measure(files if plan.turns > 1 else spread(files, 3), console)
    elif "document" in wanted:
        console.print(f"[yellow]document is not measured: no PDFs beside {data}.[/]")
    for name in (name for name in ways if name in wanted):
        with _going_on(name, console):
            rows += ways[name]()
    return rows
