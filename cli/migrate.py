"""`darkroom migrate`: the database as this version wants it, for where no `darkroom up` sees to that."""

import sys

import typer


def migrate() -> None:
    """Make the data folder, and bring the database up to date.

    "darkroom up" does so itself. Where its parts are started one by one, in
    containers or on several machines, this comes before "darkroom api" and
    "darkroom worker". It may run again at any time, and several at once.

    Example: DATABASE_URL=postgresql://darkroom@nas/darkroom darkroom migrate
    """
    from cli import prepare
    from cli.supervisor import CANNOT_START

    try:
        prepare.check_settings()
        prepare.make_folders()
        prepare.migrate()
    except prepare.Refused as error:
        print(error, file=sys.stderr)
        raise typer.Exit(CANNOT_START) from error
