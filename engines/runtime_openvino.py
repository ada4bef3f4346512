"""OpenVINO's own runtime: on the CPU, and on Intel's GPUs."""

import queue
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engines.devices import Device
from engines.errors import DeviceMissing, InferenceFailed
from engines.runtime import Backend, Feed, PrecisionName, Tensor, compiled_folder


class OpenVinoSession:
    """A model loaded by OpenVINO, with one infer request for each call that is expected at once."""

    def __init__(self, path: Path, backend: Backend, threads: int, calls: int) -> None:
        compiled = _compile(path, backend, threads, calls)
        computes = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        if computes != backend.precision:
            raise DeviceMissing(
                f"PRECISION={backend.precision}: {backend.device.name} computes in {computes}",
                hint=f"set PRECISION={computes}",
            )
        self.inputs: Mapping[str, tuple[int | None, ...]] = {
            port.get_any_name(): _free_shape(port.get_partial_shape()) for port in compiled.inputs
        }
        self.outputs = tuple(port.get_any_name() for port in compiled.outputs)
        self._requests: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(calls):
            self._requests.put(compiled.create_infer_request())

    def run(self, feeds: Mapping[str, Feed]) -> list[Tensor]:
        """See `Session.run`; waits while as many calls as were expected are running."""
        request = self._requests.get()
        try:
            results = request.infer(dict(feeds), share_inputs=True)
            return [np.array(results[index]) for index in range(len(self.outputs))]
        except Exception as error:  # OpenVINO raises RuntimeError and its own types
            raise InferenceFailed(f"OpenVINO failed: {error}") from error
        finally:
            self._requests.put(request)


def options(backend: Backend, threads: int, calls: int) -> dict[str, Any]:
    """OpenVINO's configuration for a model."""
    # Without a hint the CPU plug-in takes bfloat16 where the processor has it, which changes what is read.
    chosen: dict[str, Any] = {"INFERENCE_PRECISION_HINT": backend.precision}
    if backend.device.kind == "cpu":
        chosen |= {
            "INFERENCE_NUM_THREADS": threads * calls,
            "NUM_STREAMS": calls,
            "ENABLE_CPU_PINNING": False,
            # Every new shape is otherwise kept with its own copies of the weights.
            "CPU_RUNTIME_CACHE_CAPACITY": 0,
        }
    return chosen


def target(device: Device) -> str:
    """OpenVINO's name of a device."""
    return "CPU" if device.kind == "cpu" else f"GPU.{device.index}"


def native_precisions(device: Device) -> tuple[PrecisionName, ...]:
    """What the device itself computes in; OpenVINO takes f32 for what it has not."""
    openvino = _openvino()
    able = openvino.Core().get_property(target(device), "OPTIMIZATION_CAPABILITIES")
    names: dict[str, PrecisionName] = {"FP32": "f32", "BF16": "bf16", "FP16": "f16"}
    return tuple(precision for name, precision in names.items() if name in able)


def gpu_memory(device: Device) -> tuple[int, int]:
    """Bytes of a GPU's memory that this process holds by OpenVINO, and bytes that there are.

    Raises:
        RuntimeError: its driver does not tell.
    """
    name, core = target(device), _gpus()
    held: dict[str, int] = core.get_property(name, "GPU_MEMORY_STATISTICS")
    total = int(core.get_property(name, "GPU_DEVICE_TOTAL_MEM_SIZE"))
    return sum(size for kind, size in held.items() if not kind.endswith("_peak")), total


@cache
def _gpus() -> Any:
    """One for all models on GPUs, as each counts only what it has compiled itself."""
    return _openvino().Core()


def _openvino() -> Any:
    """The package, with its table of number types made.

    Two threads whose calls need that table first can wait for each other without end, one with the interpreter's lock
    and one with the table's (2026.4).
    """
    import openvino

    with _first:
        openvino.Type.f32.to_dtype()
    return openvino


_first = threading.Lock()


def _compile(path: Path, backend: Backend, threads: int, calls: int) -> Any:
    from filelock import FileLock

    core = _openvino().Core() if backend.device.kind == "cpu" else _gpus()
    chosen = options(backend, threads, calls)
    cache = compiled_folder(path, backend)
    name = target(backend.device)
    if name not in ("CPU", *core.available_devices) and "GPU" not in core.available_devices:
        raise DeviceMissing(f"{backend.device.name}: OpenVINO does not see it", hint="`darkroom doctor` says why")
    if cache is None:
        return core.compile_model(path, name, chosen)
    # Two workers of one device start together: the second waits, and then reads what the first has compiled.
    with FileLock(cache / "lock"):
        return core.compile_model(path, name, {**chosen, "CACHE_DIR": str(cache)})


def _free_shape(shape: Any) -> tuple[int | None, ...]:
    return tuple(side.get_length() if side.is_static else None for side in shape)
