"""What runs a model: the Session protocol, and which runtime stands behind it on which device."""

import contextlib
import hashlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from engines import intel, nvidia
from engines.devices import Device, check_device, parse_device
from engines.errors import DeviceMissing, ModelMissing
from engines.extras import install
from engines.placement import device_for
from engines.settings import EngineSettings

__all__ = ["Backend", "Session", "backend_for", "check_device", "choose_backend", "core_count", "open_session"]

Tensor = NDArray[np.float32]
Feed = NDArray[np.float32] | NDArray[np.int64] | NDArray[np.int32]
RuntimeName = Literal["onnxruntime", "openvino", "tensorrt"]
PrecisionName = Literal["f32", "bf16", "f16"]


class Session(Protocol):
    """A loaded model; `run` may be called by several threads at once.

    Attributes:
        inputs: name -> shape, None where a size is free.
        outputs: names in the model's order.
    """

    inputs: Mapping[str, tuple[int | None, ...]]
    outputs: tuple[str, ...]

    def run(self, feeds: Mapping[str, Feed]) -> list[Tensor]:
        """Compute every output.

        Raises:
            InferenceFailed: the runtime gave up on this input.
        """
        ...


@dataclass(frozen=True, slots=True)
class Backend:
    """Which runtime computes on which device, and how precisely.

    Attributes:
        device: where.
        runtime: with what; `tensorrt` is onnxruntime with TensorRT, and CUDA for what that cannot do.
        precision: of the arithmetic.
        cache: folder for what a runtime compiles out of models; None where nothing is kept.
    """

    device: Device
    runtime: RuntimeName
    precision: PrecisionName
    cache: Path | None = None


def backend_for(capability: str, device: str, settings: EngineSettings) -> Backend:
    """The backend of one capability of a worker; loads nothing.

    `RUNTIME` and `PRECISION` are meant for the worker's device: a capability that is sent to a device of another kind
    (`OCR_DEVICE=CPU`) gets what is native there.

    Args:
        capability: such as `ocr`.
        device: the worker's.
        settings: of the engines.

    Raises:
        DeviceMissing: the device or the runtime cannot be used.
    """
    where = device_for(capability, device, settings)
    if parse_device(where).kind != parse_device(device).kind:
        settings = settings.model_copy(update={"runtime": "auto", "precision": "auto"})
    return choose_backend(where, settings)


def choose_backend(device: str, settings: EngineSettings) -> Backend:
    """Settle runtime and precision for a device; loads nothing.

    On a CPU `auto` is onnxruntime: reading receipts with PP-OCRv6 it took a fifth less processor time than OpenVINO
    f32 (Zen 3, AVX2) and a third of its memory at rest. Intel's GPUs are OpenVINO's, NVIDIA's are onnxruntime's.

    Raises:
        DeviceMissing: the device's name is wrong, or the runtime that was asked for is not installed or cannot use it.
    """
    where = parse_device(device)
    native: RuntimeName = "openvino" if where.kind == "intel" else "onnxruntime"
    runtime = native if settings.runtime == "auto" else settings.runtime
    _check_runtime(where, runtime)
    precision = _choose_precision(where, settings)
    if precision not in _precisions(where, runtime):
        raise DeviceMissing(
            f"PRECISION={precision}: {runtime} computes as the model is stored on {where.name}",
            hint=f"set PRECISION=auto, or RUNTIME={'tensorrt' if where.kind == 'cuda' else 'openvino'}",
        )
    compiles = runtime != "onnxruntime" or where.kind != "cuda"
    return Backend(where, runtime, precision, _cache(runtime, settings) if compiles else None)


def abilities(device: str) -> dict[RuntimeName, tuple[PrecisionName, ...]]:
    """The runtimes that are installed for a device, with the precisions they compute in; loads no model."""
    where = parse_device(device)
    found: dict[RuntimeName, tuple[PrecisionName, ...]] = {}
    for runtime in get_args(RuntimeName):
        with contextlib.suppress(DeviceMissing):
            _check_runtime(where, runtime)
            found[runtime] = _precisions(where, runtime)
    if "openvino" in found:
        from engines.runtime_openvino import native_precisions

        found["openvino"] = native_precisions(where)
    return found


def core_count(settings: EngineSettings) -> int:
    """Processor cores to compute on: `ENGINE_THREADS`, or those that this process may run on."""
    if settings.engine_threads:
        return settings.engine_threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_session(path: Path, backend: Backend, threads: int, calls: int = 1) -> Session:
    """Load a model.

    Args:
        path: an ONNX file.
        backend: from `backend_for`.
        threads: processor cores that one call may use.
        calls: calls that are expected to run at once.

    Raises:
        DeviceMissing: the device cannot be used.
        ModelMissing: the file cannot be loaded.
    """
    try:
        if backend.runtime == "openvino":
            from engines.runtime_openvino import OpenVinoSession

            return OpenVinoSession(path, backend, threads, calls)
        from engines.runtime_onnx import OnnxSession

        return OnnxSession(path, backend, threads)
    except DeviceMissing:
        raise
    except Exception as error:  # both runtimes raise types of their own, with no common base
        raise ModelMissing(f"{path} cannot be loaded by {backend.runtime}: {error}") from error


def compiled_folder(path: Path, backend: Backend) -> Path | None:
    """Where the compiled form of a model file is kept, made now; None where it cannot be.

    A file that was replaced gets another folder: TensorRT knows its engines by the model's name alone.
    """
    if backend.cache is None:
        return None
    state = path.stat()
    identity = f"{path.resolve()}\n{state.st_size}\n{state.st_mtime_ns}"
    folder = backend.cache / hashlib.sha256(identity.encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def _check_runtime(device: Device, runtime: RuntimeName) -> None:
    package = "openvino" if runtime == "openvino" else "onnxruntime"
    if importlib.util.find_spec(package) is None:
        raise DeviceMissing(f"{package} is not installed", hint=f"set RUNTIME=auto, or {install('openvino')}")
    if runtime == "tensorrt" and device.kind == "cuda":
        nvidia.check_provider(device.name, "TensorrtExecutionProvider")
    elif runtime == "onnxruntime" and device.kind == "intel" and not intel.has_provider():
        raise DeviceMissing(
            f"{device.name}: this onnxruntime has no {intel.PROVIDER}",
            hint="set RUNTIME=auto or openvino; or pip uninstall onnxruntime, then pip install onnxruntime-openvino",
        )
    elif (runtime == "openvino" and device.kind == "cuda") or (runtime == "tensorrt" and device.kind != "cuda"):
        native = "openvino" if device.kind == "intel" else "onnxruntime"
        raise DeviceMissing(f"RUNTIME={runtime} cannot use {device.name}", hint=f"set RUNTIME=auto or {native}")


def _choose_precision(device: Device, settings: EngineSettings) -> PrecisionName:
    if settings.precision != "auto":
        return settings.precision
    return "f16" if device.kind == "intel" and settings.openvino_precision == "fp16" else "f32"


def _precisions(device: Device, runtime: RuntimeName) -> tuple[PrecisionName, ...]:
    if runtime == "onnxruntime":
        return ("f32", "f16") if device.kind == "intel" else ("f32",)
    return ("f32", "bf16", "f16")


def _cache(runtime: RuntimeName, settings: EngineSettings) -> Path:
    return settings.model_cache.expanduser() / ".compiled" / runtime
