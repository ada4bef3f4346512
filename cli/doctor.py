"""`darkroom doctor`: can it run here, and if not, why."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from cli.checks import Finding

COLOURS = {"ok": "green", "none": "dim", "warn": "yellow", "fail": "red"}


def doctor(
    host: Annotated[str, typer.Option(envvar="HOST", help="Address that the service would listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="HTTP_PORT", min=1, max=65535, help="Its TCP port.")] = 8060,
    data: Annotated[
        Path | None,
        typer.Option(envvar="DARKROOM_HOME", help="Data folder.", show_default="~/.local/share/darkroom"),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what does not fit in the data folder, and nothing else.")
    ] = False,
) -> None:
    """Check this machine and the data folder, and say what to do about what is wrong.

    Nothing is changed without --repair, which wants no service to run.
    The exit status is 1 if the service cannot run like this.

    Example: darkroom doctor --port 8080
    """
    from rich.markup import escape
    from rich.table import Table

    from cli import consistency, display, environment

    if repair:
        raise typer.Exit(0 if consistency.repair(environment.data_folder(data)) else 1)
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    failed = 0
    for finding in examine(host, port, data):
        failed += finding.state == "fail"
        table.add_row(
            f"[{COLOURS[finding.state]}]{finding.state:<4}[/]", f"[bold]{finding.about}[/]", escape(finding.found)
        )
        if finding.step:
            table.add_row("", "", f"[{COLOURS[finding.state]}]{escape(finding.step)}[/]")
    out = display.console(width=110)
    out.print(table)
    if failed:
        out.print("\nDarkroom cannot run like this: see the lines with fail.")
        raise typer.Exit(1)
    out.print("\nDarkroom can run here. Start it with: [bold cyan]darkroom up[/]")


def examine(host: str, port: int, data: Path | None) -> "Iterator[Finding]":
    """All findings, in the order in which a person reads them; a check that breaks is a finding too."""
    from cli import checks, consistency, engine_checks, environment

    home = environment.data_folder(data)
    questions: dict[str, Callable[[], Iterator[Finding]]] = {
        "Python": checks.python,
        "Packages": checks.packages,
        "Processor": checks.processor,
        "Memory": checks.memory,
        "Data folder": lambda: checks.data_folder(home),
        "Store": lambda: consistency.findings(home),
        "Broker": checks.broker,
        "Devices": engine_checks.devices,
        "Models": engine_checks.models,
        "Port": lambda: checks.port(host, port),
        "Clock": checks.clock,
    }
    for about, ask in questions.items():
        try:
            yield from ask()
        except Exception as error:  # noqa: BLE001  whatever is broken here, the other answers still help
            step = "Install everything anew with: make setup"
            yield checks.Finding(about, "fail", f"{type(error).__name__}: {error}", step)
