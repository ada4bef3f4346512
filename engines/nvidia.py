"""NVIDIA's GPUs: which this process may use, what keeps one from being used, and how a process keeps to its own.

A process that was shown only `cuda:2` knows it as its first GPU: `ordinal` translates.
"""

import ctypes
import os
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path
from typing import Final

from engines import pci
from engines.errors import DeviceMissing

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
SHOWN: Final = "DARKROOM_CUDA_SHOWN"
"""Numbers of the GPUs in CUDA_VISIBLE_DEVICES as `cuda:N` counts them; set together with it."""


def here(root: Path) -> bool:
    """Whether a card is in the machine, usable or not."""
    return bool(_nodes(root)) or pci.has_card("nvidia", root)


def numbers(root: Path) -> list[int]:
    """Which `cuda:N` are there for this process."""
    return _shown() if SHOWN in os.environ else list(range(len(_names(root))))


def check(index: int, root: Path) -> None:
    """Make sure that onnxruntime can use a GPU.

    Raises:
        DeviceMissing: it is not there, or driver or provider are missing.
    """
    name = f"cuda:{index}"
    if not _nodes(root):
        _raise_absent(name, root)
    there = numbers(root)
    if index not in there:
        names = ", ".join(f"cuda:{each}" for each in there) or "no GPU"
        hint = f"{VISIBLE}={os.environ[VISIBLE]} limits it" if VISIBLE in os.environ else "use one of them"
        raise DeviceMissing(f"{name}: this process may use {names}", hint=hint)
    if not _driver_loads():
        raise DeviceMissing(
            f"{name}: libcuda.so.1 of the NVIDIA driver cannot be loaded",
            hint="install the driver; in a container, set NVIDIA_DRIVER_CAPABILITIES=compute,utility",
        )
    check_provider(name, "CUDAExecutionProvider")


def check_provider(name: str, provider: str) -> None:
    """Make sure that the installed onnxruntime was built with a provider.

    Raises:
        DeviceMissing: it was not.
    """
    import onnxruntime

    if provider not in onnxruntime.get_available_providers():
        raise DeviceMissing(
            f"{name}: this onnxruntime has no {provider}",
            hint="pip uninstall -y onnxruntime onnxruntime-gpu, then pip install 'onnxruntime-gpu[cuda,cudnn]'",
        )


def ordinal(index: int) -> int:
    """CUDA's own number for `cuda:index` in this process."""
    return _shown().index(index) if SHOWN in os.environ else index


def showing(indices: Iterable[int], root: Path) -> dict[str, str]:
    """Environment of a process that shall see these GPUs only; to be set before CUDA is first used.

    GPUs are counted as nvidia-smi does, unless CUDA_DEVICE_ORDER says otherwise.
    """
    names, shown = _names(root), sorted(set(indices))
    return {
        VISIBLE: ",".join(names[index] for index in shown),
        SHOWN: ",".join(str(index) for index in shown),
        "CUDA_DEVICE_ORDER": os.environ.get("CUDA_DEVICE_ORDER", "PCI_BUS_ID"),
    }


def _nodes(root: Path) -> list[Path]:
    """Device nodes of GPUs; Windows' Linux has one for all."""
    nodes = [node for node in (root / "dev").glob("nvidia*") if node.name.removeprefix("nvidia").isdecimal()]
    return nodes or list((root / "dev").glob("dxg"))


def _names(root: Path) -> list[str]:
    """What CUDA_VISIBLE_DEVICES calls cuda:0, cuda:1 ...: numbers, or the identifiers that are in it already."""
    nodes = _nodes(root)
    limited = os.environ.get(VISIBLE)
    if limited is None or not nodes:
        return [str(number) for number in range(len(nodes))]
    # CUDA itself stops reading at the first entry that is none.
    return list(takewhile(lambda name: name not in ("", "-1"), (name.strip() for name in limited.split(","))))


def _shown() -> list[int]:
    return [int(index) for index in os.environ[SHOWN].split(",")]


def _driver_loads() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _raise_absent(name: str, root: Path) -> None:
    if pci.has_card("nvidia", root):
        raise DeviceMissing(
            f"{name}: an NVIDIA card is in this machine, but there is no /dev/nvidia0",
            hint="install the NVIDIA driver; in a container, start it with --gpus all or `gpus: all` in compose",
        )
    raise DeviceMissing(
        f"{name}: no NVIDIA card is seen in this machine",
        hint="set DEVICES=auto or another device; in a container, start it with --gpus all",
    )
