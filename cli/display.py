"""Progress and summaries for people, on a terminal."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cli.tally import Tally
from tasks.names import visible

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20


def console(stderr: bool = False, width: int | None = None) -> "Console":
    """A console on stdout, or on stderr; `width` columns at most on a terminal, and so many elsewhere."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    if width is not None:
        made.width = min(made.width, width) if made.is_terminal else width
    return made


@contextlib.contextmanager
def progress(title: str, tally: Tally) -> Iterator[Callable[[], None]]:
    """A progress bar on stderr, if that is a terminal; call what it gives after every change of `tally`."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TextColumn("[cyan]{task.fields[rate]}[/]"),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("[red]{task.fields[failed]}[/]"),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=tally.total, rate="", failed="")

        def show() -> None:
            rate = tally.finished / tally.seconds if tally.finished else 0.0
            failed = f"{tally.failed} failed" if tally.failed else ""
            shown = f"{rate:.1f}/s" if rate else ""
            bar.update(task, completed=tally.finished, total=tally.total, rate=shown, failed=failed)

        yield show


def summary(tally: Tally) -> None:
    """What became of all photos, and of the failed ones why."""
    from rich.markup import escape
    from rich.table import Table

    out = console()
    rate = f", {tally.finished / tally.seconds:.1f}/s" if tally.finished and tally.seconds > 0.05 else ""
    cached = f" ({tally.cached} from the cache)" if tally.cached else ""
    failed = f", [red]{tally.failed} failed[/]" if tally.failed else ""
    head = f"[bold]{photos(tally.finished)}[/] in {tally.seconds:.1f} s{rate}"
    out.print(f"{head}: {tally.done} done{cached}{failed}.")
    if tally.found:
        out.print(f"Found {', '.join(f'{count:,} {name}' for name, count in tally.found.items())}.")
    for trouble in tally.troubles:
        out.print(f"[red]{escape(trouble)}[/]")
    for title, reasons in (("failed", tally.failures), ("not listed", tally.warnings)):
        if not reasons:
            continue
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(title)
        table.add_column("why")
        for name, reason in reasons[:SHOWN]:
            table.add_row(escape(visible(name)), escape(visible(reason)))
        out.print(table)
        if len(reasons) > SHOWN:
            out.print(f"[dim]and {len(reasons) - SHOWN} more[/]")


def not_listed(tally: Tally) -> list[str]:
    """A line for each of the first names that could not be listed."""
    return [visible(f"{name}: {reason}") for name, reason in tally.warnings[:SHOWN]]


def photos(count: int) -> str:
    """`1 photo`, `2 photos`."""
    return f"{count} photo" if count == 1 else f"{count:,} photos"


def first_words(lines: Sequence[dict[str, Any]], width: int = 48) -> str:
    """The beginning of what was read, cut at a word."""
    text = " ".join(str(line["text"]).strip() for line in lines)
    if len(text) <= width:
        return text
    cut = text[:width].rsplit(" ", 1)[0]
    return f"{cut if len(cut) > width // 2 else text[:width]} …"
