"""`python -m tests.services.install`: the servers' programs, from Debian's packages."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.services.programs import missing

POLICY: Final = Path("/usr/sbin/policy-rc.d")
"""Debian asks it before it starts a service; 101 forbids that."""


def main() -> None:
    """Install what is missing; exits with what to do where that cannot be done here."""
    packages = missing()
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"Missing: {', '.join(packages)}. Install them with your system's packages, then run this again.")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    with _no_service_started():
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
            check=True,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )


@contextlib.contextmanager
def _no_service_started() -> Iterator[None]:
    if POLICY.exists():  # the machine has a policy of its own
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


if __name__ == "__main__":
    main()
