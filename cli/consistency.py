"""What `darkroom doctor` finds in a data folder, or behind DATABASE_URL and BLOB_URL, and how `--repair` mends it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.checks import Finding
from cli.errors import CommandError

if TYPE_CHECKING:
    from tasks.consistency import Fault, Kept
    from tasks.settings import TaskSettings

REPAIR = "darkroom doctor --repair mends it, while the service is stopped; a backup before that does no harm."


def findings(home: Path) -> Iterator[Finding]:
    """What does not fit, a line each; nothing is changed."""
    from sqlalchemy.exc import SQLAlchemyError

    from tasks.errors import BlobsDown
    from tasks.settings import TaskSettings

    settings = TaskSettings(darkroom_home=home)
    if not settings.database_url and not (home / "darkroom.db").exists():
        yield Finding("Store", "none", "nothing is kept yet")
        return
    number = 0
    try:
        with _kept(settings, idle=not _in_use(settings), read_only=True) as kept:
            for fault in _faults(kept, settings):
                number += 1
                yield Finding("Store", "fail" if fault.step else "warn", fault.found, fault.step or REPAIR)
    except (SQLAlchemyError, BlobsDown) as error:
        yield Finding("Store", "fail", f"it cannot be looked at: {_first_line(error)}", "Look at the message.")
        return
    if not number:
        yield Finding("Store", "ok", "all that is kept fits together")


def repair(home: Path) -> bool:
    """Mend what can be mended, with a line for each; whether all could. Raises CommandError."""
    from sqlalchemy.exc import SQLAlchemyError

    from cli.lock import DataFolderInUse, hold
    from tasks.errors import BlobsDown
    from tasks.settings import TaskSettings

    settings = TaskSettings(darkroom_home=home)
    if not settings.database_url and not (home / "darkroom.db").exists():
        raise CommandError(f"There is nothing to mend in {home}.", "Name another data folder with --data.")
    if name := _in_use(settings):
        raise CommandError(f"A service works on it: {name}.", "Stop it first.")
    mended = 0
    try:
        with hold(home), _kept(settings, idle=True) as kept:
            for fault in _faults(kept, settings):
                print(f"found: {fault.found}")
                said = fault.mend() if fault.mend else None
                mended += said is not None
                print(f"mended: {said}" if said is not None else f"left: {fault.step}")
            left = sum(1 for _ in _faults(kept, settings))
    except DataFolderInUse as error:
        raise CommandError(str(error)) from error
    except (SQLAlchemyError, BlobsDown) as error:
        raise CommandError(f"It cannot be mended: {_first_line(error)}.", "Look at the message.") from error
    faults_left = "1 fault is left." if left == 1 else f"{left} faults are left."
    print(faults_left if left else "Everything fits together." if mended else "Nothing was wrong.")
    return not left


@contextmanager
def _kept(settings: "TaskSettings", idle: bool, read_only: bool = False) -> Iterator["Kept"]:
    from tasks.blobs import blobs_of
    from tasks.consistency import Kept
    from tasks.store.session import Store

    store = Store(settings.database, read_only)
    try:
        yield Kept(store, blobs_of(settings), settings.blob_ttl_s, idle)
    finally:
        store.close()


def _faults(kept: "Kept", settings: "TaskSettings") -> Iterator["Fault"]:
    from tasks import consistency

    yield from consistency.faults(kept)
    if kept.idle and not settings.redis_url:
        yield from _broker_log(settings.home)


def _in_use(settings: "TaskSettings") -> str:
    """Who works on it now: the holder of the data folder, or workers that a broker of all hosts knows."""
    from cli.lock import holder

    if pid := holder(settings.home):
        return f"process {pid}"
    if not settings.redis_url:
        return ""
    import redis

    from tasks import liveness

    client = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=3, socket_timeout=3)
    try:
        return ", ".join(record.name for record in liveness.workers(client))
    except redis.RedisError:
        return ""  # without a broker no worker does anything
    finally:
        client.close()


def _broker_log(home: Path) -> Iterator["Fault"]:
    """Whether the private broker can read its log. Where only its end is missing, it goes on without by itself."""
    from cli.broker import BrokerUnavailable, binary, set_aside
    from tasks.consistency import Fault

    logs = sorted((home / "valkey").glob("appendonlydir/*.manifest"))
    if not logs:
        return
    try:
        # The server is this program too: it goes by its name.
        said = subprocess.run(
            ["valkey-check-aof", logs[-1].name],  # noqa: S607
            executable=binary(),
            cwd=logs[-1].parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    except (BrokerUnavailable, OSError, subprocess.SubprocessError):
        return  # the check of the broker says so
    if said.returncode:
        yield Fault(
            "the broker's log is cut off or cannot be read",
            lambda: f"it starts empty, and its log lies in {set_aside(home)}; jobs go on from the database",
        )


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
