"""How a process that was started by a fork shows in `ps` and its like."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Final

STAT: Final = Path("/proc/self/stat")
ARGUMENTS: Final = slice(45, 49)
"""Of what follows a process's name in `STAT`: where its arguments begin and end, and its environment after them."""


def show(command: Sequence[str]) -> None:
    """Show as `command`; for a process whose environment is its own by now, as the one it began with may be lost.

    The kernel shows what lies where the arguments of the program lay, and goes on behind them where that is longer.
    """
    try:
        begin, end, behind, last = map(int, STAT.read_text("utf-8", "replace").rpartition(")")[2].split()[ARGUMENTS])
    except (OSError, ValueError):
        return
    room = (last if behind == end else end) - begin - 1
    if begin and room > 0:
        shown = " ".join(command).encode("utf-8", "replace")[:room]
        ctypes.memmove(begin, shown.ljust(end - begin, b"\0") + b"\0", max(len(shown) + 1, end - begin))
