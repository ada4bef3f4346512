"""One row of the report, and what the figures were taken on."""

import os
import platform
from pathlib import Path
from typing import Any, Final

Row = dict[str, Any]
KEYS: Final = ("cpu_s_per_item", "reference", "ratio", "limit_share", "accuracy")


def row(name: str, unit: str, value: float, **more: Any) -> Row:
    """What does not apply is None; `detail` holds what only some rows have."""
    made: Row = {"name": name, "unit": unit, "value": round(value, 4)} | {key: more.get(key) for key in KEYS}
    return made | ({"detail": more["detail"]} if "detail" in more else {})


def machine() -> dict[str, Any]:
    """The processor, how much of it we may use, and how busy others keep it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }
