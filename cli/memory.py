"""How much memory is free for this process, with the limit of its container in mind."""

from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")


def available_bytes(cgroup: Path = CGROUP) -> int:
    """Bytes that new processes can use without swapping, on this machine or in this container."""
    free: int = psutil.virtual_memory().available
    try:
        limit = (cgroup / "memory.max").read_text().strip()
        used = int((cgroup / "memory.current").read_text())
        cache = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())["file"]
    except (OSError, ValueError, KeyError):
        return free
    if limit == "max":
        return free
    return min(free, int(limit) - used + int(cache))
