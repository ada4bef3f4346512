"""What a process writes that logs as our parts do."""

import os
import subprocess
import sys

NASTY = "a\n2026-01-01 00:00:00  api  warning: forged\r\x1b[2Jb\u202ec\u2028d\x85e\0f"


def logged(code: str, **env: str) -> list[str]:
    """Lines of a process that runs this code with these variables; it knows `log` and `nasty`."""
    program = f"import logging, cli.logs; cli.logs.configure('part'); log = logging.getLogger('x'); nasty = {NASTY!r}\n"
    return _written(program + code, env)


def passed(*lines: str, **env: str) -> list[str]:
    """What the supervisor makes of lines of its part `api`."""
    return _written(f"from cli.logs import writer\nfor line in {lines!r}: writer()('api', line)", env)


def _written(program: str, env: dict[str, str]) -> list[str]:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, check=True)
    return done.stderr.decode().rstrip("\n").split("\n")
