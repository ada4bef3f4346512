"""`darkroom demo`: a small rescan, from nothing to a table."""

import contextlib
import os
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli.scan import Server

if TYPE_CHECKING:
    from rich.console import Console

    from cli.client import Client
    from cli.samples import Sample

STAND_INS = {"CLIP_FALLBACK": "concepts", "FACE_FALLBACK": "dlib"}
"""So that a demo on a closed network shows all that there is; where the real models are, they answer."""
CHOSEN = {name: os.environ[name] for name in STAND_INS if name in os.environ}
QUESTIONS = {
    "a cat looking at you": "chelsea.png",
    "a rocket taking off": "rocket.jpg",
    "a cup of coffee": "coffee.png",
    "a portrait of an astronaut": "astronaut.png",
    "stars and galaxies": "hubble_deep_field.jpg",
}
"""Questions and the photo that each means."""
SURE = 0.65
"""Certainty from which on a face is counted, as MT Photos does."""
RECALL = 0.9
"""Share of the words drawn on the samples that must be read."""
MOST_FOUND = 200
WIDTH = 108


@dataclass(slots=True)
class Pass:
    """One scan of the samples.

    Attributes:
        items: the item frame of each file.
        after_s: seconds after the start at which its result came.
        seconds: the whole scan.
        cached: photos answered from what was known.
    """

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    after_s: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    cached: int = 0


def demo(server: Server = None) -> None:
    """Watch Darkroom look at a handful of sample pictures.

    It draws them, starts a service of its own on a free port, scans
    them, shows the text and the faces that were found and the pictures
    found by a few searches, scans them again, and cleans up.

    Example: darkroom demo
    """
    from cli import display, samples

    out = display.console(width=WIDTH)
    with tempfile.TemporaryDirectory(prefix="darkroom-demo-") as name:
        folder = Path(name).resolve() / "samples"
        folder.mkdir()
        made = samples.make(folder)
        out.print(f"\n[bold]Darkroom demo[/]  {len(made)} sample pictures, no network needed.")
        for note in _notes(made):
            out.print(f"[dim]{note}[/]")
        with _service(server, folder, out) as address:
            missing = _show(address, folder, made, out)
    out.print("\nNext, start a service of your own and give it a folder:")
    out.print("  [bold cyan]darkroom up[/]")
    out.print("  [bold cyan]darkroom scan ~/Pictures[/]\n")
    if missing:
        raise typer.Exit(1)


def _notes(made: "Sequence[Sample]") -> Iterator[str]:
    from cli import samples

    if samples.font_path() is None:
        yield f"The font wheel {samples.FONT_PACKAGE} is not installed, so the sign speaks English only."
    if all(sample.words for sample in made):
        yield "The wheel of scikit-image is not installed, so there are no photographs."


@contextlib.contextmanager
def _service(server: str | None, folder: Path, out: "Console") -> Iterator[str]:
    """The address of the service: the one named, or one of our own that may read `folder`."""
    from cli.own_service import own_service

    if server is not None:
        yield server
        return
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        with out.status("Starting broker, workers and API ..."):
            home = folder.with_name("data")
            address = stack.enter_context(own_service(home, {**STAND_INS, "LIBRARY_ROOTS": str(folder)} | CHOSEN)).url
        out.print(f"Service ready on {address} after {time.monotonic() - began:.1f} s.\n")
        yield address
        out.print("\n[dim]Stopping the service ...[/]")


def _show(address: str, folder: Path, made: "Sequence[Sample]", out: "Console") -> bool:
    """Scan twice and print what was found; whether something was missing."""
    from cli.client import Client
    from cli.display import photos

    with Client(address) as client:
        tasks = _capabilities(client, out)
        first = _scan(client, folder, tasks, len(made), "Looking", out)
        _print_table(first, folder, made, out)
        unlike = list(_questions(client, first, made, out))
        rate = len(first.items) / first.seconds
        lines = sum(len(_lines(item)) for item in first.items.values())
        faces = sum(len(_faces(item)) for item in first.items.values())
        head = f"[bold]{photos(len(first.items))}, {lines} lines, {faces} faces[/] in {first.seconds:.1f} s"
        out.print(f"\n{head}: [bold green]{rate:.1f} photos/s[/].")
        second = _scan(client, folder, tasks, len(made), "Again", out)
    known = f"{second.cached} of {len(second.items)} answered from what is known"
    out.print(f"[bold]The same again[/] in {second.seconds:.2f} s: {known}, nothing computed twice.")
    problems = [*_problems(first, made), *_problems(second, made), *unlike]
    for problem in dict.fromkeys(problems):
        out.print(f"[red]{problem}[/]")
    return bool(problems)


def _capabilities(client: "Client", out: "Console") -> list[str]:
    """What the service can do with a photo; says what it cannot, and what stands in for what."""
    tasks = []
    for name, state in client.get("/readyz")["capabilities"].items():
        if state["state"] != "missing":
            tasks.append(name)
            if state.get("asked", state["model"]) != state["model"]:
                out.print(f"[dim]{name}: {state['asked']} is not here, {state['model']} stands in.[/]")
        else:
            out.print(f"[dim]{name}: {state.get('reason', 'not here')} {state.get('hint') or ''}[/]")
    return [task for task in ("ocr", "clip", "face") if task in tasks]


def _questions(client: "Client", done: Pass, made: "Sequence[Sample]", out: "Console") -> Iterator[str]:
    """Search for pictures in words and show what is found; a sentence where too many miss the one that is meant."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table, wrong, models = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False), [], set[str]()
    table.add_column("search for", no_wrap=True, min_width=max(map(len, QUESTIONS)))
    table.add_column("found", overflow="fold")  # the one that gives way in a narrow terminal
    table.add_column("by its", no_wrap=True)
    asked = _asked(made, pictures=any("clip" in (item.get("results") or {}) for item in done.items.values()))
    ours = {item.get("sha256"): name for name, item in done.items.items()}
    for question, meant in asked.items():
        answer = client.get("/api/search", q=question, limit=MOST_FOUND)
        found = [(ours[item["sha256"]], item["found_by"]) for item in answer["items"] if item["sha256"] in ours][:3]
        models.update(answer["models"].values())
        by = " and ".join(found[0][1]) if found else ""
        table.add_row(escape(question), escape(", ".join(name for name, _ in found)) or "[dim]nothing[/]", by)
        if meant not in [name for name, _ in found]:
            wrong.append(question)
    if asked:
        out.print(table)
        out.print(f"[dim]GET /api/search, pictures by {', '.join(models)}.[/]" if models else "[dim]GET /api/search[/]")
    if len(wrong) > len(asked) / 2:
        yield f"The picture that was meant is not among the first for: {', '.join(wrong)}."


def _asked(made: "Sequence[Sample]", pictures: bool) -> dict[str, str]:
    """Searches, and the picture that each means: for words that stand on some, and for what photos show."""
    read = [sample for sample in made if sample.words]
    asked = {f"ocr:{sample.words[-1]}": sample.name for sample in (read[0], read[-1])} if read else {}
    there = {sample.name for sample in made}
    if pictures:
        asked |= {q: f"photo-{name}" for q, name in QUESTIONS.items() if f"photo-{name}" in there}
    return asked


def _scan(client: "Client", folder: Path, tasks: list[str], count: int, title: str, out: "Console") -> Pass:
    from cli import display
    from cli.follow import follow
    from cli.submit import Submitter
    from cli.tally import Tally

    tally, done = Tally(expected=count), Pass()
    began = time.monotonic()
    submitter = Submitter(client, tasks, say=lambda note: out.print(f"[dim]{note}[/]"))
    with display.progress(title, tally) as show:
        for job in submitter.jobs(folder):
            for frame in follow(client, job):
                tally.take(frame)
                show()
                if frame["type"] == "item":
                    name = Path(frame["name"]).name
                    done.items[name] = frame
                    done.after_s[name] = time.monotonic() - began
    done.seconds, done.cached = time.monotonic() - began, tally.cached
    return done


def _print_table(done: Pass, folder: Path, made: "Sequence[Sample]", out: "Console") -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from cli.display import first_words

    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False, expand=True)
    table.add_column("picture", style="cyan", no_wrap=True, min_width=max(len(sample.name) for sample in made))
    for header, width in (("size", 7), ("lines", 5), ("faces", 5), ("after", 6)):
        table.add_column(header, justify="right", no_wrap=True, min_width=width)
    table.add_column("first words", no_wrap=True, overflow="ellipsis", ratio=1)
    for sample in made:
        item = done.items.get(sample.name)
        size = f"{(folder / sample.name).stat().st_size / 1000:,.0f} kB"
        if item is None or item["status"] != "done":
            reason = str(((item or {}).get("error") or {}).get("message") or "no answer")
            table.add_row(sample.name, size, "", "", "", f"[red]{escape(reason)}[/]")
            continue
        lines = _lines(item)
        words = escape(first_words(lines)) if lines else "[dim]no text in it[/]"
        faces = str(len(_faces(item)) or "")
        table.add_row(sample.name, size, str(len(lines)), faces, f"{done.after_s[sample.name]:.1f} s", words)
    out.print(table)


def _lines(item: dict[str, Any]) -> list[dict[str, Any]]:
    return list(((item.get("results") or {}).get("ocr") or {}).get("lines", []))


def _faces(item: dict[str, Any]) -> list[dict[str, Any]]:
    found = (item.get("results") or {}).get("face") or []
    return [face for face in found if face["score"] >= SURE]


def _problems(done: Pass, made: "Sequence[Sample]") -> Iterator[str]:
    """What is not as it must be, a sentence each."""
    finished = [sample for sample in made if done.items.get(sample.name, {}).get("status") == "done"]
    if len(finished) < len(made):
        yield f"{len(made) - len(finished)} of {len(made)} pictures were not finished."
    wanted = [(sample.name, word) for sample in made for word in sample.words]
    unread = [(name, word) for name, word in wanted if plain(word) not in plain(_text(done.items.get(name, {})))]
    if len(unread) > (1 - RECALL) * len(wanted):
        listed = ", ".join(word for _, word in unread[:8])
        yield f"{len(unread)} of {len(wanted)} words that stand on the pictures were not read: {listed}."


def _text(item: dict[str, Any]) -> str:
    return "\n".join(str(line["text"]) for line in _lines(item))


def plain(text: str) -> str:
    """Letters and digits of a text, NFKC and case folded, without what may stand between them."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())
