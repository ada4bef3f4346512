"""`darkroom tune`: the faster runtime for each model on this machine, found by trying and remembered."""

import sys
from typing import Annotated

import typer


def tune(
    forget: Annotated[bool, typer.Option("--forget", help="Go back to the defaults.")] = False,
) -> None:
    """Find the faster runtime for each model on this processor, and remember it.

    Takes about a minute. Each configured model that is here works with every
    runtime that is installed; the default gives way to what takes 15% less
    processor time and gives the same answers. Workers use it from their next
    start on, unless RUNTIME is set. GPUs are not tried.

    Example: darkroom tune
    """
    from rich.console import Console
    from rich.table import Table

    from engines import tuned
    from engines.settings import EngineSettings
    from engines.tuning import tune as try_all

    settings, console = EngineSettings(), Console()
    if forget:
        console.print("Forgotten." if tuned.forget(settings) else "Nothing was remembered.")
        return
    table = Table("", "model", *(f"{runtime}, CPU ms" for runtime in tuned.RUNTIMES), "chosen", box=None)
    runtimes = {}
    with console.status("Trying the models ...") as status:
        for choice in try_all(settings):
            times = [choice.cpu_ms.get(runtime) for runtime in tuned.RUNTIMES]
            told = [f"{spent:.1f}" if spent else "-" for spent in times]
            table.add_row(choice.capability, choice.model, *told, choice.note or choice.runtime)
            status.update(f"{choice.capability} done ...")
            if choice.key:
                runtimes[choice.key] = choice.runtime
    console.print(table)
    try:
        console.print(f"Remembered in {tuned.remember(settings, runtimes)}")
    except OSError as error:
        print(f"It cannot be remembered: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
