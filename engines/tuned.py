"""Which runtime was found fastest for a model on this machine, and remembered beside the models.

`darkroom tune` writes it, every start reads it. What was found on another processor, with other versions of the
runtimes or for other weights does not count.
"""

import hashlib
import importlib.metadata
import json
import os
import platform
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engines.runtime import Backend, RuntimeName, choose_backend
from engines.settings import EngineSettings

RUNTIMES: tuple[RuntimeName, ...] = ("onnxruntime", "openvino")


def machine() -> str:
    """The processor and the versions of the runtimes."""
    versions = []
    for package in RUNTIMES:
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {package}")
    return ", ".join([_processor(), f"{os.cpu_count()} cores", *versions])


def key(capability: str, digest: str) -> str:
    """What a model's choice is remembered under.

    Args:
        capability: such as `ocr`.
        digest: of its recipe.
    """
    return f"{capability} {hashlib.sha256(digest.encode()).hexdigest()[:16]}"


def remembered(settings: EngineSettings) -> dict[str, RuntimeName]:
    """Key -> runtime, as found on this machine; empty where nothing was, or not here."""
    try:
        found: Any = json.loads(_path(settings).read_text("utf-8"))
        if found["machine"] == machine():
            return {name: runtime for name, runtime in found["runtimes"].items() if runtime in RUNTIMES}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # never tuned, or by another version: the defaults are there
    return {}


def remember(settings: EngineSettings, runtimes: Mapping[str, RuntimeName]) -> Path:
    """Keep these choices and no others; says where. Raises OSError."""
    path = _path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".part", delete=False) as file:
        json.dump({"machine": machine(), "runtimes": dict(runtimes)}, file, indent=1)
    Path(file.name).replace(path)
    return path


def forget(settings: EngineSettings) -> bool:
    """Whether there was something to forget. Raises OSError."""
    there = _path(settings).exists()
    _path(settings).unlink(missing_ok=True)
    return there


def apply(backend: Backend, capability: str, digest: Callable[[], str], settings: EngineSettings) -> Backend:
    """The backend with the runtime that was found fastest; `RUNTIME` goes before it, and a GPU has its own.

    Args:
        backend: what the capability has otherwise.
        capability: such as `ocr`.
        digest: gives that of its recipe; asked for only where something is remembered.
        settings: of the engines.
    """
    if settings.runtime != "auto" or backend.device.kind != "cpu":
        return backend
    found = remembered(settings)
    runtime = found.get(key(capability, digest())) if found else None
    if runtime is None or runtime == backend.runtime:
        return backend
    return choose_backend(backend.device.name, settings.model_copy(update={"runtime": runtime}))


def _path(settings: EngineSettings) -> Path:
    return settings.model_cache.expanduser() / ".compiled" / "tuned.json"


def _processor() -> str:
    """Its name and a digest of what it can do, which a virtual machine's name does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    flags = hashlib.sha256(facts.get("flags", "").encode()).hexdigest()[:8]
    return f"{facts.get('model name', platform.machine())} {flags}"
