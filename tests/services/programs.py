"""Where the servers' programs are, and what to do where they are not."""

import shutil
from pathlib import Path
from typing import Final

ADVICE: Final = "make test-services installs and uses them (as root, on Debian or Ubuntu)"


def postgresql(name: str) -> str | None:
    """A program of PostgreSQL: Debian keeps those of the server out of PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(versions[-1]) if versions else shutil.which(name)


def redis() -> str | None:
    """The server's program."""
    return shutil.which("redis-server")


def missing() -> list[str]:
    """Debian's packages of what is not there."""
    wanted = {"postgresql": postgresql("initdb"), "redis-server": redis()}
    return [package for package, program in wanted.items() if program is None]
