"""Where the servers' programs are, and what to do where they are not."""

import os
import shutil
from collections.abc import Callable
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


def prometheus() -> str | None:
    """The server's program."""
    return shutil.which("prometheus")


def promtool() -> str | None:
    """Prometheus' tool for its files, of the same package."""
    return shutil.which("promtool")


def nginx() -> str | None:
    """The server's program, which Debian puts where only root looks."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


PACKAGES: Final[dict[str, Callable[[], str | None]]] = {
    "postgresql": lambda: postgresql("initdb"),
    "redis-server": redis,
    "prometheus": prometheus,
    "nginx-light": nginx,
}
"""Debian's packages, and the program that shows that each is there."""


def missing(*packages: str) -> list[str]:
    """Those of these packages that are not there, or of all."""
    return [package for package in packages or PACKAGES if PACKAGES[package]() is None]
