"""`darkroom up`: everything in one process tree."""

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

SHOWN_LINES = 6
DEFAULT_KEYS = ("", "no-key", "mt_photos_ai_extra")


class DocumentEngine(StrEnum):
    """What reads documents."""

    CLASSIC = "classic"
    VLLM = "vllm"


def up(
    host: Annotated[
        str, typer.Option(envvar="HOST", help="Address to listen on; 0.0.0.0 for your network.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="HTTP_PORT", min=0, max=65535, help="TCP port; 0 takes a free one.")
    ] = 8060,
    data: Annotated[
        Path | None,
        typer.Option(envvar="DARKROOM_HOME", help="Data folder.", show_default="~/.local/share/darkroom"),
    ] = None,
    devices: Annotated[
        str,
        typer.Option(envvar=["DEVICES", "DEVICE"], help="cpu, cpu:0-7, intel:0, cuda:0, several with commas, or auto."),
    ] = "auto",
    document_engine: Annotated[
        DocumentEngine | None,
        typer.Option(
            envvar="DOCUMENT_ENGINE",
            help="What reads documents; vllm starts one here (darkroom engine --help).",
            show_default="LLM_BASE_URL, else classic",
        ),
    ] = None,
) -> None:
    """Start the whole service: broker, database, workers, API.

    It runs until Ctrl-C; a part that dies is started again.
    REDIS_URL, DATABASE_URL and BLOB_URL put servers of your own
    in the place of the built-in ones.

    Example: darkroom up --host 0.0.0.0 --data /srv/darkroom
    """
    from cli import environment, logs
    from cli.broker import BrokerUnavailable
    from cli.listening import CannotListen, is_loopback
    from cli.lock import DataFolderInUse
    from cli.service import CannotStart, Service
    from cli.supervisor import PartFailed

    if document_engine == DocumentEngine.VLLM and os.environ.get("LLM_BASE_URL"):
        raise typer.BadParameter("LLM_BASE_URL names an engine already: unset it, or leave --document-engine vllm out.")
    log = logs.writer()
    own_key = os.environ.get("API_AUTH_KEY_FILE") or os.environ.get("API_AUTH_KEY", "") not in DEFAULT_KEYS
    if not is_loopback(host) and not own_key:
        log(
            "darkroom",
            f"warning: {host} is open to your network with the well-known key; set API_AUTH_KEY to your own",
        )
    try:
        home, engine = environment.data_folder(data), document_engine or ""
        Service(host, port, home, devices, engine, api_processes(), log).run()
    except (CannotStart, PartFailed) as error:
        _give_up("\n  ".join([f"{error}.".replace("..", "."), *error.lines[-SHOWN_LINES:]]), log)
    except (CannotListen, DataFolderInUse, BrokerUnavailable, OSError) as error:
        _give_up(str(error), log)


def api_processes() -> int:
    """`WEB_CONCURRENCY`, at least 1."""
    asked = os.environ.get("WEB_CONCURRENCY") or os.environ.get("MACHINE_LEARNING_WORKERS") or "1"
    if not asked.isdecimal() or asked == "0":
        raise typer.BadParameter(f"WEB_CONCURRENCY is a number of processes from 1, not {asked!r}.")
    return int(asked)


def _give_up(reason: str, log: Callable[[str, str], None]) -> None:
    from cli import logs

    said = f"Darkroom did not start: {reason}"
    if logs.as_json():
        log("darkroom", f"error: {said}")
    else:
        print(said, file=sys.stderr)
    raise typer.Exit(1)
