"""`darkroom schedule`: rescans that begin by the clock."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.jobs import at
from cli.scan import Server

app = typer.Typer(name="schedule", no_args_is_help=False)
Id = Annotated[str, typer.Argument(metavar="ID", help="The schedule's id, as darkroom schedule list shows it.")]


@app.callback(invoke_without_command=True)
def schedule(context: typer.Context) -> None:
    """Rescan folders by the clock; without a command, list the schedules.

    A rescan reads only photos that are new or changed, so a nightly one of a large library is cheap.

    Example: darkroom schedule add "30 2 * * *" /photos --tasks ocr,clip
    """
    if context.invoked_subcommand is None:
        list_schedules()


@app.command()
def add(
    cron: Annotated[str, typer.Argument(metavar="CRON", help="Minute, hour, day, month, day of the week; in quotes.")],
    folder: Annotated[Path, typer.Argument(help="A folder of the service's machine, under its LIBRARY_ROOTS.")],
    tasks: Annotated[str, typer.Option(help="What to look for, separated with commas.")] = "ocr",
    time_zone: Annotated[
        str | None, typer.Option(help="Such as Europe/Berlin.", show_default="the service's own")
    ] = None,
    include: Annotated[list[str] | None, typer.Option(help="Only files that fit; may be given again.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="No files that fit; may be given again.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Look again at photos that are known.")] = False,
    recursive: Annotated[bool, typer.Option(help="Folders inside folders too.")] = True,
    server: Server = None,
) -> None:
    """Rescan a folder whenever a cron line says so.

    "30 2 * * *" is 2:30 each night, "0 4 * * sun" is 4:00 on Sundays,
    "0 */6 * * *" is every six hours. A run whose predecessor is still
    at work is left out; runs missed while the service was off are one run.

    Example: darkroom schedule add "30 2 * * *" /photos --tasks ocr,clip --time-zone Europe/Berlin
    """
    wanted = {
        "cron": cron,
        "library": str(folder),
        "tasks": [task.strip() for task in tasks.split(",") if task.strip()],
        "time_zone": time_zone,
        "include": include or [],
        "exclude": exclude or [],
        "force": force,
        "recursive": recursive,
    }
    from cli.client import Client

    with Client(server) as client:
        _say(client.post("/api/schedules", json=wanted), "is kept")


@app.command("list")
def list_schedules(server: Server = None) -> None:
    """List schedules, the oldest first. Example: darkroom schedule list"""
    from cli.client import Client

    with Client(server) as client:
        answer = client.get("/api/schedules")
    if sys.stdout.isatty():
        _print(answer["items"])
    else:
        print(json.dumps(answer, ensure_ascii=False))


@app.command()
def remove(schedule: Id, server: Server = None) -> None:
    """Remove a schedule; its jobs go on. Example: darkroom schedule remove 3f2a..."""
    from cli.client import Client

    with Client(server) as client:
        _say(client.delete(f"/api/schedules/{schedule}"), "is removed")


@app.command()
def pause(schedule: Id, server: Server = None) -> None:
    """Start no more of its rescans for now. Example: darkroom schedule pause 3f2a..."""
    _steer(schedule, "pause", "is paused", server)


@app.command()
def resume(schedule: Id, server: Server = None) -> None:
    """Start its rescans again, from now on. Example: darkroom schedule resume 3f2a..."""
    _steer(schedule, "resume", "is resumed", server)


def _steer(schedule: str, what: str, done: str, server: str | None) -> None:
    from cli.client import Client

    with Client(server) as client:
        _say(client.post(f"/api/schedules/{schedule}/{what}"), done)


def _say(schedule: dict[str, Any], done: str) -> None:
    if not sys.stdout.isatty():
        print(json.dumps(schedule, ensure_ascii=False))
        return
    following = f" Its next rescan begins at {at(schedule['next_at'])}." if done in ("is kept", "is resumed") else ""
    print(f"Schedule {schedule['id']} of {schedule['library']} {done}.{following}")


def _print(schedules: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from cli.display import console

    if not schedules:
        print('There are no schedules. Make one: darkroom schedule add "30 2 * * *" FOLDER')
        return
    table = Table("schedule", "cron", "time zone", "folder", "tasks", "next", "last job", box=None, header_style="dim")
    for each in schedules:
        following = at(each["next_at"]) if each["enabled"] else "[yellow]paused[/]"
        shown = (each["id"], each["cron"], each["time_zone"], each["library"], ", ".join(each["tasks"]))
        table.add_row(*map(escape, shown), following, each["last_job_id"] or "")
    console().print(table)
