"""`darkroom backup`: a copy of the data folder, made while the service works."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import CommandError


def backup(
    to: Annotated[Path, typer.Argument(help="New folder, on a disk that has room for it.", show_default=False)],
    data: Annotated[
        Path | None,
        typer.Option(envvar="DARKROOM_HOME", help="Data folder.", show_default="~/.local/share/darkroom"),
    ] = None,
) -> None:
    """Copy the data folder while the service works on it, or is stopped.

    The copy is a data folder: darkroom up --data goes on
    with all jobs as they stood at that moment. Photos of
    libraries, models and settings are not in it.

    Example: darkroom backup /mnt/backup/today
    """
    import sqlite3

    from sqlalchemy.exc import SQLAlchemyError

    from cli import environment
    from tasks import backup as copying
    from tasks.settings import TaskSettings

    settings = TaskSettings(darkroom_home=environment.data_folder(data))
    target = to.expanduser().absolute()
    try:
        copied = copying.make(settings, target)
    except FileExistsError as error:
        raise CommandError(f"{error}.", "Name a new folder.") from error
    except copying.NotOurs as error:
        raise CommandError(str(error)) from error
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise CommandError(
            f"The backup could not be made: {str(error).splitlines()[0]}.", "Look at the disk."
        ) from error
    print(f"{target}: database {copied.database_bytes / 2**20:,.1f} MiB, {copied.uploads:,} uploads")
    if copied.elsewhere:
        print("Uploads wait in BLOB_URL, which is no folder: they are not in it (docs/backup.md).")
    print(f"To restore it: cp -a {target} FOLDER, then darkroom up --data FOLDER")
