"""Which devices get a worker, and on which one each capability of a worker computes."""

import os
from pathlib import Path
from typing import Final

from engines import nvidia
from engines.devices import ROOT, check_device, detect_gpus, parse_device
from engines.errors import DeviceMissing
from engines.settings import EngineSettings

CAPABILITIES: Final = ("ocr", "clip", "clip_text", "face")


def find_devices(wanted: str, settings: EngineSettings, root: Path = ROOT) -> list[str]:
    """The devices that get a worker each, all of them there.

    Args:
        wanted: as in `DEVICES`.
        settings: of the engines.
        root: where `dev` and `sys` lie.

    Raises:
        DeviceMissing: one that is asked for, here or for a capability, cannot be used.
    """
    if wanted.strip().lower() in ("", "auto"):
        gpus = detect_gpus(root)
        found = [locate("gpu", settings, root)] if gpus and settings.device_id is not None else gpus or ["cpu"]
    else:
        found = [locate(name.strip(), settings, root) for name in wanted.split(",") if name.strip()]
    for name in found:
        check_device(name, root)
        for capability in CAPABILITIES:
            device_for(capability, name, settings, root)
    return list(dict.fromkeys(found))


def locate(asked: str, settings: EngineSettings, root: Path = ROOT) -> str:
    """A device's full name: `gpu` is the first that can be used, and MACHINE_LEARNING_DEVICE_ID numbers a bare one.

    Raises:
        DeviceMissing: no device is called so, or `gpu` is asked for and none can be used.
    """
    if asked.strip().lower() != "gpu":
        return parse_device(asked, settings.device_id).name
    gpus = detect_gpus(root)
    if not gpus:
        raise DeviceMissing("no GPU can be used here", hint="`darkroom doctor` says why")
    return gpus[0] if settings.device_id is None else f"{parse_device(gpus[0]).kind}:{settings.device_id}"


def device_for(capability: str, worker: str, settings: EngineSettings, root: Path = ROOT) -> str:
    """On which device a capability computes: that of `OCR_DEVICE` and its like, or else the worker's own.

    `GPU` is the worker's own GPU if it has one, `CPU` the cores it may run on.

    Args:
        capability: such as `ocr`.
        worker: the worker's device.
        settings: of the engines.
        root: where `dev` and `sys` lie.

    Raises:
        DeviceMissing: the device that is asked for cannot be used.
    """
    own = parse_device(worker)
    variable = {"ocr": "ocr_device", "clip": "clip_device", "clip_text": "clip_device", "face": "face_device"}
    asked = getattr(settings, variable[capability]).strip().lower() if capability in variable else ""
    if not asked or asked == own.kind or (asked == "gpu" and own.kind != "cpu"):
        return own.name
    try:
        found = locate(asked, settings, root)
        if parse_device(found).cores:
            raise DeviceMissing("a capability has no cores of its own", hint="say CPU, and list cores in DEVICES")
        check_device(found, root)
    except DeviceMissing as error:
        raise DeviceMissing(f"{variable[capability].upper()}={asked}: {error}", hint=error.hint) from error
    return found


def environment(worker: str, settings: EngineSettings, root: Path = ROOT) -> dict[str, str]:
    """Variables that keep a worker's process to the NVIDIA GPUs it uses; to be set before CUDA is first used.

    Raises:
        DeviceMissing: as `device_for`.
    """
    names = {worker, *(device_for(capability, worker, settings, root) for capability in CAPABILITIES)}
    used = [device.index for device in map(parse_device, names) if device.kind == "cuda"]
    return nvidia.showing(used, root) if used and nvidia.SHOWN not in os.environ else {}
