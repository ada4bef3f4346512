"""`darkroom worker`: one worker process for one device."""

import sys
import warnings
from typing import Annotated

import typer


def worker(
    device: Annotated[str, typer.Option(help="cpu, cpu:0-7, intel:0 or cuda:0.")],
    queues: Annotated[
        str, typer.Option(help="What to work on: interactive, document, bulk.")
    ] = "interactive,document,bulk",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Requests handled at once.", show_default="by device")
    ] = None,
    nice: Annotated[int, typer.Option(min=0, max=19, help="Lowers its priority on the processor.")] = 0,
    name: Annotated[str | None, typer.Option(help="Tells workers of one machine apart.", show_default="device")] = None,
) -> None:
    """Serve the queues with one device, here or on another machine.

    REDIS_URL, DATABASE_URL and BLOB_URL say where the service is that it belongs to.

    Example: REDIS_URL=redis://nas:6379/0 darkroom worker --device cuda:0
    """
    from tasks.queues import expand

    try:
        expand(queues)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    from cli import logs
    from cli.supervisor import CANNOT_START

    logs.configure(name or f"worker {device}")
    # Celery warns of root because it may unpickle messages; ours are JSON, and in a container root is usual.
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    from engines.errors import EngineError
    from engines.placement import locate
    from engines.settings import EngineSettings
    from tasks.errors import TaskError
    from tasks.worker import run

    try:
        run(locate(device, EngineSettings()), queues, threads, nice, name)
    except (EngineError, TaskError) as error:
        print(" ".join(str(part) for part in (error, error.hint) if part), file=sys.stderr)
        raise typer.Exit(CANNOT_START) from error
