"""`darkroom photo`: one photo that is known, looked at again, corrected, or as it was."""

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from cli.jobs import at
from cli.scan import Server

app = typer.Typer(
    name="photo",
    help="See and mend what is known of one photo. Example: darkroom photo show a.jpg",
    no_args_is_help=True,
)
Photo = Annotated[str, typer.Argument(metavar="PHOTO", help="Its file, or the sha256 of its bytes.")]
SHA256: Final = re.compile("[0-9a-f]{64}")
PATIENCE_S: Final = 300.0


@app.command()
def show(photo: Photo, server: Server = None) -> None:
    """Show what is known of a photo. Example: darkroom photo show receipt.jpg"""
    from cli.client import Client

    with Client(server) as client:
        _say(client.get(_address(photo)))


@app.command()
def reprocess(
    photo: Photo,
    tasks: Annotated[str, typer.Option(help="What to look for, separated with commas.")] = "ocr",
    model: Annotated[str | None, typer.Option(help="Look with this model; name one task with it.")] = None,
    server: Server = None,
) -> None:
    """Look at a photo again; what is found replaces what was there, everywhere.

    What was there is kept in its history: darkroom photo restore.

    Example: darkroom photo reprocess receipt.jpg --tasks ocr --model PP-OCRv5_server
    """
    from cli.client import Client

    asked = {"tasks": tasks} | ({"model": model} if model else {})
    with Client(server) as client:
        _say(client.post(f"{_address(photo)}/reprocess", params=asked, timeout=PATIENCE_S))


@app.command()
def correct(
    photo: Photo,
    text: Annotated[typer.FileText | None, typer.Argument(help="A file with its text; - is stdin.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let what was read count again.")] = False,
    server: Server = None,
) -> None:
    """Say what the text of a photo is; search and exports prefer it.

    It stays, whatever is read later.

    Example: echo "Total 12.80" | darkroom photo correct receipt.jpg -
    """
    from cli.client import Client

    if (text is None) is not remove:
        raise typer.BadParameter("Name a file with the text, or --remove.", param_hint="TEXT")
    with Client(server) as client:
        address = f"{_address(photo)}/text"
        _say(client.delete(address) if text is None else client.put(address, json={"text": text.read().rstrip("\n")}))


@app.command()
def restore(
    photo: Photo,
    history: Annotated[int, typer.Argument(metavar="NUMBER", help="Of an earlier finding, as show lists them.")],
    server: Server = None,
) -> None:
    """Show an earlier finding again. Example: darkroom photo restore receipt.jpg 7"""
    from cli.client import Client

    with Client(server) as client:
        _say(client.post(f"{_address(photo)}/restore", json={"history": history}))


def _address(photo: str) -> str:
    path = Path(photo)
    if path.is_file():
        with path.open("rb") as file:
            return f"/api/photos/{hashlib.file_digest(file, 'sha256').hexdigest()}"
    if not SHA256.fullmatch(photo.lower()):
        raise typer.BadParameter(f"{photo} is no file, and no sha256.", param_hint="PHOTO")
    return f"/api/photos/{photo.lower()}"


def _say(photo: dict[str, Any]) -> None:
    if not sys.stdout.isatty():
        print(json.dumps(photo, ensure_ascii=False))
        return
    from rich.markup import escape
    from rich.table import Table

    from cli.display import console
    from tasks.names import visible

    found, corrected = photo["results"], photo["correction"]
    read = (found.get("ocr") or {}).get("text", "")
    table = Table(box=None, show_header=False)
    rows = [("photo", photo["name"] or photo["sha256"]), ("folder", photo["library"])]
    rows += [(task, photo["models"][task]) for task in found if found[task] is not None]
    rows += [("corrected", corrected["text"])] if corrected else []
    rows += [("read", read)] if read else []
    rows += [
        (f"earlier {each['id']}", f"{each['analysis']} by {each['model']}, until {at(each['replaced_at'])}")
        for each in photo["history"]
    ]
    for name, value in rows:
        table.add_row(f"[dim]{name}[/]", escape("\n".join(map(visible, value.splitlines()))))
    console().print(table)
