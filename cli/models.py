"""`darkroom models`: what is known, what is here, getting more, and checking it."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import CommandError

if TYPE_CHECKING:
    from engines.settings import EngineSettings
    from engines.store.fetch import Progress
    from engines.store.types import Known

app = typer.Typer(name="models", no_args_is_help=True, help="Models: list them, get them, check them.")

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
    for header in ("model", "task", "dims", "licence", "state"):
        table.add_column(header, justify="right" if header == "dims" else "left", no_wrap=True)
    for row in _rows(_settings()):
        if not here or row[-1] != "not here":
            table.add_row(*row)
    display.console().print(table)


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
    for name in names:
        try:
            with _bars() as progress:
                folder = fetch.pull(fetch.known(name), settings, progress, again)
        except ModelError as error:
            raise CommandError(f"{error}.", error.hint or "") from error
        note = record.read(folder)
        size = sum(file["size"] for file in note["files"].values())
        print(f"{name} is in {folder}: {len(note['files'])} files, {size / 1e6:.0f} MB, from {note['source']}")


@app.command("verify")
def verify_models(names: Names = None) -> None:
    """Read models that are here and compare their files with the digests that are known.

    Example: darkroom models verify PP-OCRv6_small
    """
    from engines import store
    from engines.errors import ModelError

    settings, wrong = _settings(), 0
    wanted = [row for row in _rows(settings) if (row[0] in names if names else row[-1] != "not here")]
    if missing := set(names or ()) - {row[0] for row in wanted}:
        raise CommandError(f"No model is called {', '.join(sorted(missing))}.", "darkroom models list shows them.")
    for name, task, *_ in wanted:
        try:
            weights = store.find(task, name, settings)
            store.verify(weights)
        except ModelError as error:
            wrong += 1
            print(f"{name}: {error}. {error.hint or ''}")
            continue
        checked = len(weights.expected)
        said = f"{checked} of {len(weights.files)} files are what they should be" if checked else "no digest is known"
        print(f"{name}: {said}")
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
    rows = []
    for (task, name), model in sorted(known.items()):
        bundled = store.OCR_BUNDLED.get(name) if task == "ocr" else None
        licence = bundled.licence if bundled else model.licence if model else "unknown to us"
        dimensions = str(model.dimensions or "") if model else ""
        rows.append((name, task, dimensions, licence, _state(task, name, settings)))
    return rows


def _state(task: str, name: str, settings: "EngineSettings") -> str:
    from engines import store
    from engines.errors import ModelError

    plain = settings.model_copy(update={"model_aliases": ""})
    try:
        files = store.find(task, name, plain).files
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
