"""`darkroom scan`: photos in, results out."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    from cli.client import Client
    from cli.submit import Submitter
    from cli.tally import Tally

INTERRUPTED = 130

Server = Annotated[
    str | None,
    typer.Option(envvar="DARKROOM_SERVER", help="Address of the service.", show_default="http://127.0.0.1:8060"),
]

Output = Annotated[
    Path | None, typer.Option("--output", "-o", dir_okay=False, help="Write results as NDJSON to this file.")
]
Include = Annotated[
    list[str] | None, typer.Option(help="Only files that fit, such as '2024/**/*.jpg'; may be given again.")
]
Exclude = Annotated[list[str] | None, typer.Option(help="No files or folders that fit; may be given again.")]


def scan(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Photos, or folders with photos.")],
    tasks: Annotated[str, typer.Option(help="What to look for, separated with commas.")] = "ocr",
    server: Server = None,
    output: Output = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for results, or only hand in.")] = True,
    force: Annotated[bool, typer.Option("--force", help="Look again at photos that are known.")] = False,
    recursive: Annotated[bool, typer.Option(help="Folders inside folders too.")] = True,
    include: Include = None,
    exclude: Exclude = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what a rescan would find.")] = False,
) -> None:
    """Read the photos of folders.

    On a terminal you see a progress bar and a summary; in a pipe you get
    one JSON object a line for every photo. The exit status is 1 if one failed.

    Example: darkroom scan ~/Pictures/receipts --output receipts.ndjson
    """
    wanted = _named(tasks)
    from cli.client import Client
    from cli.submit import Submitter
    from cli.tally import Tally

    tally = Tally()
    with Client(server) as client, sink(output) as write:
        patterns = tuple(include or ()), tuple(exclude or ())
        submitter = Submitter(client, wanted, force, recursive, *patterns, say=_say, reject=_both(tally.take, write))
        if dry_run:
            for path in paths:
                print(json.dumps({"path": str(path), **submitter.count(path)}))
        elif not wait:
            hand_in(submitter, paths)
        else:
            jobs = (job for path in paths for job in submitter.jobs(path))
            watch(client, ahead(jobs), tally, write, "Reading")
    if tally.failed or tally.troubles:
        raise typer.Exit(1)


def _named(tasks: str) -> list[str]:
    wanted = [task.strip() for task in tasks.split(",") if task.strip()]
    if not wanted:
        raise typer.BadParameter("Name at least one task, such as ocr.", param_hint="--tasks")
    return wanted


def _both(*takers: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    def take(item: dict[str, Any]) -> None:
        for each in takers:
            each(item)

    return take


def hand_in(submitter: "Submitter", paths: Iterable[Path]) -> None:
    """Make the jobs and name them, without waiting for any."""
    for path in paths:
        for job in submitter.jobs(path):
            accepted(job)


def accepted(job: str) -> None:
    """Name a job that was made."""
    if sys.stdout.isatty():
        print(f"Job {job} is accepted. Watch it with: darkroom jobs watch {job}")
    else:
        print(json.dumps({"task_id": job}), flush=True)


def watch(
    client: "Client",
    jobs: Iterable[str],
    tally: "Tally",
    write: Callable[[dict[str, Any]], None],
    title: str,
) -> None:
    """Follow jobs one after the other to their ends, with a bar and a summary for people.

    Ctrl-C ends the watching with status 130; what the service accepted runs on there.
    """
    from cli import display
    from cli.follow import follow

    current = None
    try:
        with display.progress(title, tally) as show:
            for job in jobs:
                current = job
                for frame in follow(client, job):
                    tally.take(frame)
                    if frame["type"] == "item":
                        write(frame)
                    show()
    except KeyboardInterrupt:
        _say("")
        if current:
            _say(f"The job runs on. See how far it is: darkroom jobs show {current}")
            _say(f"Watch it again: darkroom jobs watch {current}    End it: darkroom jobs cancel {current}")
        raise typer.Exit(INTERRUPTED) from None
    if sys.stdout.isatty():
        display.summary(tally)
    else:
        for sentence in (*tally.troubles, *display.not_listed(tally)):
            _say(sentence)


def ahead(jobs: Iterator[str], most: int = 2) -> Iterator[str]:
    """`jobs`, made by a thread that stays up to `most` in front, so that uploading and reading overlap."""
    import queue
    import threading

    made: queue.Queue[str | BaseException | None] = queue.Queue(maxsize=most)

    def make() -> None:
        try:
            for job in jobs:
                made.put(job)
            made.put(None)
        except Exception as error:  # noqa: BLE001  raised again where it is awaited
            made.put(error)

    threading.Thread(target=make, daemon=True, name="submit").start()
    while (job := made.get()) is not None:
        if isinstance(job, BaseException):
            raise job
        yield job


@contextlib.contextmanager
def sink(output: Path | None) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Where result lines go: into `output`, else to stdout in a pipe, else nowhere."""
    with contextlib.ExitStack() as stack:
        file: TextIO | None = None
        if output is not None:
            file = stack.enter_context(output.open("w", encoding="utf-8"))
        elif not sys.stdout.isatty():
            file = sys.stdout

        def write(item: dict[str, Any]) -> None:
            if file is not None:
                file.write(json.dumps(item, ensure_ascii=False) + "\n")
                file.flush()

        yield write


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
