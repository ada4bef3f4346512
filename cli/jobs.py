"""`darkroom jobs`: see and steer what the service works on."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.scan import Server

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(name="jobs", help="See and steer jobs. Example: darkroom jobs watch ID", no_args_is_help=False)
Id = Annotated[str, typer.Argument(metavar="ID", help="The job's id, as darkroom jobs list shows it.")]

COLOURS = {"completed": "green", "running": "cyan", "failed": "red", "cancelled": "dim", "paused": "yellow"}


@app.callback(invoke_without_command=True)
def jobs(context: typer.Context) -> None:
    """See and steer jobs; without a command, list them.

    Example: darkroom jobs watch 3f2a...
    """
    if context.invoked_subcommand is None:
        list_jobs()


@app.command("list")
def list_jobs(
    state: Annotated[str | None, typer.Option(help="queued, running, paused, completed, failed or cancelled.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, the newest first.")] = 20,
    server: Server = None,
) -> None:
    """List jobs, the newest first. Example: darkroom jobs list --state running"""
    from cli.client import Client

    with Client(server) as client:
        answer = client.get("/api/jobs", state=state, limit=limit)
    if _for_people():
        _print_jobs(_rows(answer))
    else:
        _print_json(answer)


@app.command()
def show(job: Id, server: Server = None) -> None:
    """Show one job. Example: darkroom jobs show 3f2a..."""
    from cli.client import Client

    with Client(server) as client:
        _show(client.get(f"/api/jobs/{job}"))


@app.command()
def submit(
    file: Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="JSONL, a request a line; - is stdin.")],
    server: Server = None,
) -> None:
    """Hand in a batch, without waiting for it.

    A line has one of path, url and image (base64), and if you like tasks
    and a custom_id, which comes back with its result:
    {"custom_id": "a", "path": "/photos/a.jpg", "tasks": ["ocr", "clip"]}

    Example: darkroom jobs submit batch.jsonl
    """
    from cli.client import Client
    from cli.scan import accepted
    from cli.submit import Submitter

    with Client(server) as client:
        accepted(Submitter(client, []).batch(file.read()))


@app.command()
def watch(job: Id, server: Server = None) -> None:
    """Follow a job to its end, as scan does. Example: darkroom jobs watch 3f2a..."""
    from cli import scan
    from cli.client import Client
    from cli.tally import Tally

    tally = Tally()
    with Client(server) as client, scan.sink(None) as write:
        scan.watch(client, [job], tally, write, "Reading")
    if tally.failed or tally.troubles:
        raise typer.Exit(1)


@app.command()
def results(
    job: Id,
    after: Annotated[int, typer.Option(min=0, help="Only what was finished after this number.")] = 0,
    server: Server = None,
) -> None:
    """Print what is finished, one JSON object a line in a pipe. Example: darkroom jobs results 3f2a... > out.ndjson"""
    from cli.client import Client

    with Client(server) as client:
        rows: list[dict[str, Any]] = []
        while True:
            with client.lines(f"/api/jobs/{job}/results", after=after, limit=1000) as lines:
                page = [json.loads(line) for line in lines if line.strip()]
            if not page:
                break
            after = page[-1]["seq"]
            if _for_people():
                rows += page
            else:
                sys.stdout.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in page)
    if _for_people():
        _print_results(rows)


@app.command()
def export(
    job: Id,
    output: Annotated[Path, typer.Argument(dir_okay=False, help="A file that ends in .jsonl, .csv or .parquet.")],
    server: Server = None,
) -> None:
    """Write all that is finished to a file. Example: darkroom jobs export 3f2a... results.csv"""
    from cli.client import Client

    kind = output.suffix.lower()
    if kind not in (".jsonl", ".csv", ".parquet"):
        raise typer.BadParameter("Name a file that ends in .jsonl, .csv or .parquet.", param_hint="OUTPUT")
    with Client(server) as client, client.pieces(f"/api/jobs/{job}/results{kind}") as pieces, output.open("wb") as file:
        file.writelines(pieces)


@app.command()
def cancel(job: Id, server: Server = None) -> None:
    """End a job; what is finished stays. Example: darkroom jobs cancel 3f2a..."""
    _steer(job, "cancel", server)


@app.command()
def pause(job: Id, server: Server = None) -> None:
    """Stop drawing from a job for now. Example: darkroom jobs pause 3f2a..."""
    _steer(job, "pause", server)


@app.command()
def resume(job: Id, server: Server = None) -> None:
    """Go on with a paused job. Example: darkroom jobs resume 3f2a..."""
    _steer(job, "resume", server)


@app.command()
def retry(job: Id, server: Server = None) -> None:
    """Read the failed photos of a job again. Example: darkroom jobs retry 3f2a..."""
    _steer(job, "retry", server)


def _steer(job: str, what: str, server: str | None) -> None:
    from cli.client import Client

    with Client(server) as client:
        _show(client.post(f"/api/jobs/{job}/{what}"))


def _for_people() -> bool:
    return sys.stdout.isatty()


def _print_json(answer: Any) -> None:
    print(json.dumps(answer, ensure_ascii=False))


def _rows(answer: Any) -> list[dict[str, Any]]:
    """The jobs in the answer of the list, which may carry a cursor beside them."""
    if isinstance(answer, list):
        return answer
    return list(answer.get("items") or answer.get("jobs") or [])


def _show(job: dict[str, Any]) -> None:
    if not _for_people():
        _print_json(job)
        return
    from cli.display import console

    table = _table()
    table.add_column(style="dim")
    table.add_column()
    counts = job["counts"]
    table.add_row("job", job["task_id"])
    table.add_row("state", _state(job["state"]))
    table.add_row("kind", f"{job['kind']}, {', '.join(job['tasks'])}")
    if job.get("library"):
        table.add_row("folder", job["library"])
    table.add_row("photos", ", ".join(f"{counts[name]:,} {name}" for name in _named(counts)))
    table.add_row("created", at(job["created_at"]))
    if job.get("finished_at"):
        table.add_row("finished", at(job["finished_at"]))
    if job.get("rate_per_s"):
        table.add_row("rate", f"{job['rate_per_s']:.1f}/s")
    if job.get("eta_s"):
        table.add_row("time left", span(job["eta_s"]))
    if job.get("error"):
        table.add_row("error", f"[red]{job['error']['message']}[/]")
    console().print(table)


def _named(counts: dict[str, int]) -> list[str]:
    return [name for name in counts if counts[name] or name in ("total", "done")]


def _print_jobs(rows: Sequence[dict[str, Any]]) -> None:
    from cli.display import console

    if not rows:
        console().print("No jobs. Make one with: darkroom scan FOLDER")
        return
    table = _table("job", "state", "photos", "left", "created")
    table.columns[0].min_width = max(len(job["task_id"]) for job in rows)  # it is there to be copied
    for job in rows:
        counts = job["counts"]
        failed = f" [red]{counts['failed']:,} failed[/]" if counts["failed"] else ""
        table.add_row(
            job["task_id"],
            _state(job["state"]),
            f"{counts['done'] + counts['failed']:,}/{counts['total']:,}{failed}",
            span(job["eta_s"]) if job.get("eta_s") else "",
            at(job["created_at"], brief=True),
        )
    console().print(table)


def _print_results(rows: Sequence[dict[str, Any]]) -> None:
    from rich.markup import escape

    from cli.display import console, first_words

    table = _table("photo", "lines", "first words")
    for row in rows:
        if row["status"] == "failed":
            table.add_row(escape(row["name"]), "[red]failed[/]", escape(str((row.get("error") or {}).get("message"))))
            continue
        lines = ((row.get("results") or {}).get("ocr") or {}).get("lines", [])
        table.add_row(escape(row["name"]), str(len(lines)), escape(first_words(lines)))
    console().print(table)


def _table(*headers: str) -> "Table":
    from rich.table import Table

    return Table(*headers, box=None, padding=(0, 2, 0, 0), header_style="dim", show_header=bool(headers))


def _state(state: str) -> str:
    colour = COLOURS.get(state)
    return f"[{colour}]{state}[/]" if colour else state


def at(moment: str, brief: bool = False) -> str:
    """A time of the API (ISO 8601) in local time; `brief`: the time of day, or the date of another day."""
    when = datetime.fromisoformat(moment).astimezone()
    if not brief:
        return f"{when:%Y-%m-%d %H:%M:%S}"
    return f"{when:%H:%M}" if when.date() == datetime.now(UTC).astimezone().date() else f"{when:%Y-%m-%d}"


def span(seconds: float) -> str:
    """`2:05`, or `1:02:05`."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
