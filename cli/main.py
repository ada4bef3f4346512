"""The `darkroom` command: one file a subcommand, heavy imports inside them."""

import importlib.metadata
import sys
from collections.abc import Callable
from functools import cache
from typing import Annotated

import typer

from cli import jobs, models, photo, schedule
from cli.api import api
from cli.backup import backup
from cli.bench import bench
from cli.demo import demo
from cli.doctor import doctor
from cli.engine import engine
from cli.errors import CommandError
from cli.health import health
from cli.migrate import migrate
from cli.scan import scan
from cli.tune import tune
from cli.up import up
from cli.worker import worker

app = typer.Typer(
    name="darkroom",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"darkroom {importlib.metadata.version('darkroom')}")
        raise typer.Exit


@app.callback()
def darkroom(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Darkroom looks at your photos and documents, on your own machine: text, faces, search, Markdown.

    First steps: "darkroom demo" shows it at work, "darkroom up" starts the service.
    """


app.command()(up)
app.command()(api)
app.command()(worker)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(engine)
app.command()(scan)
app.add_typer(jobs.app)
app.add_typer(schedule.app)
app.add_typer(photo.app)
app.add_typer(models.app)
app.command()(migrate)
app.command()(health)
app.command()(doctor)
app.command()(backup)
app.command()(demo)
app.command()(bench)
app.command()(tune)


@cache
def _program() -> Callable[[], object]:
    """What typer makes of all commands; a copy of a process that has made it has it, too."""
    return typer.main.get_command(app)


def main() -> None:
    """Entry point of the `darkroom` script."""
    try:
        _program()()
    except CommandError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)
