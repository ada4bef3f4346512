"""Device names: `cpu`, `cpu:0-7`, `intel:N`, `cuda:N`; whether each is there, and what `auto` means here."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from engines import intel, nvidia
from engines.errors import DeviceMissing

Kind = Literal["cpu", "intel", "cuda"]

ROOT: Final = Path("/")

_CPU = re.compile(r"cpu(?::(\d+)(?:-(\d+))?)?")
_GPU = re.compile(r"(intel|cuda)(?::(\d+))?")


@dataclass(frozen=True, slots=True)
class Device:
    """A device by its name's parts.

    Attributes:
        kind: which family of devices.
        index: of the GPU, from 0; 0 for a CPU.
        cores: the processor cores of `cpu:0-7`; empty where all are meant.
    """

    kind: Kind
    index: int = 0
    cores: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """As it is written in `DEVICES`."""
        if self.kind != "cpu":
            return f"{self.kind}:{self.index}"
        if not self.cores:
            return "cpu"
        first, last = self.cores[0], self.cores[-1]
        return f"cpu:{first}" if first == last else f"cpu:{first}-{last}"


def parse_device(name: str, index: int | None = None) -> Device:
    """Take a device's name apart.

    Args:
        name: such as `cuda:1`, in any case.
        index: of the GPU that a bare `cuda` or `intel` means; None for the first.

    Raises:
        DeviceMissing: no device is called so.
    """
    lowered = name.strip().lower()
    if match := _CPU.fullmatch(lowered):
        if match[1] is None:
            return Device("cpu")
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last < 4096:
            return Device("cpu", cores=tuple(range(first, last + 1)))
    elif match := _GPU.fullmatch(lowered):
        return Device("intel" if match[1] == "intel" else "cuda", index=int(match[2] or index or 0))
    raise DeviceMissing(f"no device is called {name!r}", hint="use cpu, cpu:0-7, intel:0, cuda:0 or auto")


def check_device(name: str, root: Path = ROOT) -> None:
    """Make sure that a device can be used.

    Args:
        name: such as `cuda:1`.
        root: where `dev` and `sys` lie.

    Raises:
        DeviceMissing: it is not there; the hint says how to get it. Never answered with another device.
    """
    device = parse_device(name)
    if device.kind == "cpu":
        _check_cpu(device)
    elif device.kind == "cuda":
        nvidia.check(device.index, root)
    else:
        intel.check(device.index, root)


def detect_gpus(root: Path = ROOT) -> list[str]:
    """Every GPU of one kind that can be used: NVIDIA's, or where there are none Intel's.

    Not both: beside an NVIDIA card the processor's own GPU would only make every other request slow.
    """
    for kind, numbers in (("cuda", nvidia.numbers), ("intel", intel.numbers)):
        found = [name for name in (f"{kind}:{number}" for number in numbers(root)) if _usable(name, root)]
        if found:
            return found
    return []


def _usable(name: str, root: Path) -> bool:
    try:
        check_device(name, root)
    except DeviceMissing:
        return False
    return True


def _check_cpu(device: Device) -> None:
    there = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    absent = [core for core in device.cores if core not in there]
    if absent:
        raise DeviceMissing(
            f"{device.name}: there is no core {absent[0]} for this process",
            hint=f"it may run on {', '.join(str(core) for core in sorted(there))}",
        )
