"""Device names: `cpu`, `cpu:0-7`, `intel:N`, `cuda:N`; whether each is there, and how to get it if not."""

import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engines.errors import DeviceMissing

Kind = Literal["cpu", "intel", "cuda"]

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


def parse_device(name: str) -> Device:
    """Take a device's name apart.

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
        return Device("intel" if match[1] == "intel" else "cuda", index=int(match[2] or 0))
    raise DeviceMissing(f"no device is called {name!r}", hint="use cpu, cpu:0-7, intel:0, cuda:0 or auto")


def check_device(name: str) -> None:
    """Make sure that a device can be used.

    Raises:
        DeviceMissing: it is not there; the hint says how to get it. Never answered with another device.
    """
    device = parse_device(name)
    if device.kind == "cpu":
        _check_cpu(name, device)
    elif device.kind == "cuda":
        _check_cuda(name, device)
    else:
        _check_intel(name, device)


def detect_devices() -> list[str]:
    """What `auto` means here: every GPU that can be used, or else the CPU."""
    found = []
    for name in ("cuda:0", "intel:0"):
        try:
            check_device(name)
        except DeviceMissing:
            continue
        found.append(name)
    return found or ["cpu"]


def _check_cpu(name: str, device: Device) -> None:
    there = set(range(os.cpu_count() or 1))
    absent = [core for core in device.cores if core not in there]
    if absent:
        raise DeviceMissing(
            f"{name}: this machine has no core {absent[0]}", hint=f"its cores are those of cpu:0-{max(there)}"
        )


def _check_cuda(name: str, device: Device) -> None:
    node = Path(f"/dev/nvidia{device.index}")
    if not node.exists() and not Path("/dev/dxg").exists():
        raise DeviceMissing(
            f"{name}: there is no {node}",
            hint="install the NVIDIA driver; in a container, start it with --gpus all or `gpus: all` in compose",
        )
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise DeviceMissing(
            f"{name}: this onnxruntime has no CUDA",
            hint="pip uninstall onnxruntime, then pip install 'darkroom[cuda]'",
        )


def _check_intel(name: str, device: Device) -> None:
    if importlib.util.find_spec("openvino") is None:
        raise DeviceMissing(f"{name}: OpenVINO is not installed", hint="pip install 'darkroom[openvino]'")
    nodes = sorted(Path("/dev/dri").glob("renderD*"))
    if not nodes and not Path("/dev/dxg").exists():
        raise DeviceMissing(
            f"{name}: there is no /dev/dri/renderD*",
            hint="enable the GPU; in a container, add `devices: [/dev/dri]`",
        )
    if nodes and not any(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        group = nodes[0].stat().st_gid
        raise DeviceMissing(
            f"{name}: {nodes[0]} may not be opened by this user",
            hint=f"add the user to group {group}; in a container, `group_add: ['{group}']`",
        )
    import openvino

    gpus = [gpu for gpu in openvino.Core().available_devices if gpu.startswith("GPU")]
    if f"GPU.{device.index}" not in gpus and not (device.index == 0 and "GPU" in gpus):
        raise DeviceMissing(
            f"{name}: OpenVINO sees {', '.join(gpus) or 'no GPU'}",
            hint="install intel-opencl-icd (the GPU's compute runtime) on the host or in the image",
        )
