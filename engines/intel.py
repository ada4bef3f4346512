"""Intel's GPUs, as OpenVINO uses them: which are there, and what keeps one from being used."""

import importlib.util
import os
from pathlib import Path
from typing import Final

from engines import pci
from engines.errors import DeviceMissing
from engines.extras import install

PROVIDER: Final = "OpenVINOExecutionProvider"


def here(root: Path) -> bool:
    """Whether a GPU is in the machine, usable or not."""
    return bool(_nodes(root)) or pci.has_card("intel", root)


def numbers(root: Path) -> list[int]:
    """Which `intel:N` OpenVINO could use; asks it only where one may be."""
    return list(range(len(_seen()))) if (_nodes(root) or _windows(root)) and _installed() else []


def check(index: int, root: Path) -> None:
    """Make sure that OpenVINO can use a GPU.

    Raises:
        DeviceMissing: it is not there, may not be opened, or driver or runtime are missing.
    """
    name = f"intel:{index}"
    nodes = _nodes(root)
    if not nodes and not _windows(root):
        _raise_absent(name, root)
    if nodes and not any(os.access(node, os.R_OK | os.W_OK) for node in nodes):
        group = nodes[0].stat().st_gid
        raise DeviceMissing(
            f"{name}: {nodes[0]} may not be opened by this user",
            hint=f"add the user to group {group}; in a container, `group_add: ['{group}']`",
        )
    if not _installed():
        raise DeviceMissing(f"{name}: OpenVINO is not installed", hint=install("openvino"))
    there = numbers(root)
    if index not in there:
        raise DeviceMissing(
            f"{name}: OpenVINO sees {', '.join(f'intel:{each}' for each in there) or 'no GPU'}",
            hint="use one of them" if there else "install intel-opencl-icd, the GPU's compute runtime",
        )


def has_provider() -> bool:
    """Whether the installed onnxruntime was built with OpenVINO."""
    import onnxruntime

    return PROVIDER in onnxruntime.get_available_providers()


def _installed() -> bool:
    return importlib.util.find_spec("openvino") is not None or has_provider()


def _seen() -> list[str]:
    """GPUs by OpenVINO's names: `GPU` where there is one, else `GPU.0`, `GPU.1` ..."""
    if importlib.util.find_spec("openvino") is None:
        # onnxruntime's build brings an OpenVINO of its own; two in one process would not go together.
        from onnxruntime.capi import _pybind_state

        devices = _pybind_state.get_available_openvino_device_ids()
    else:
        import openvino

        devices = openvino.Core().available_devices
    return [device for device in devices if device.startswith("GPU")]


def _nodes(root: Path) -> list[Path]:
    """Render nodes that are Intel's, or whose maker cannot be told."""
    found = []
    for node in sorted((root / "dev/dri").glob("renderD*")):
        folder = root / "sys/class/drm" / node.name / "device"
        if pci.made_by(folder) == "intel" or not (folder / "vendor").exists():
            found.append(node)
    return found


def _windows(root: Path) -> bool:
    return (root / "dev/dxg").exists()


def _raise_absent(name: str, root: Path) -> None:
    if pci.has_card("intel", root):
        raise DeviceMissing(
            f"{name}: an Intel GPU is in this machine, but not as /dev/dri/renderD*",
            hint="load its driver (i915 or xe); in a container, add `devices: [/dev/dri]`",
        )
    raise DeviceMissing(
        f"{name}: no Intel GPU is seen in this machine",
        hint="set DEVICES=auto or another device; in a container, add `devices: [/dev/dri]`",
    )
