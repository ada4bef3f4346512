"""What runs a model: the Session protocol, and onnxruntime and OpenVINO behind it."""

import importlib.util
import logging
import os
import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engines.devices import Device, check_device, detect_devices, parse_device
from engines.errors import DeviceMissing, InferenceFailed, ModelMissing
from engines.settings import EngineSettings

__all__ = ["Backend", "Session", "check_device", "choose_backend", "core_count", "detect_devices", "open_session"]

log = logging.getLogger(__name__)

Tensor = NDArray[np.float32]
RuntimeName = Literal["onnxruntime", "openvino"]
PrecisionName = Literal["f32", "bf16", "f16"]


class Session(Protocol):
    """A loaded model; `run` may be called by several threads at once.

    Attributes:
        inputs: name -> shape, None where a size is free.
        outputs: names in the model's order.
    """

    inputs: Mapping[str, tuple[int | None, ...]]
    outputs: tuple[str, ...]

    def run(self, feeds: Mapping[str, Tensor]) -> list[Tensor]:
        """Compute every output.

        Raises:
            InferenceFailed: the runtime gave up on this input.
        """
        ...


class Backend:
    """Which runtime computes on which device, and how precisely.

    Attributes:
        device: where.
        runtime: with what.
        precision: of the arithmetic.
    """

    def __init__(self, device: Device, runtime: RuntimeName, precision: PrecisionName) -> None:
        self.device = device
        self.runtime = runtime
        self.precision = precision


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
    if runtime != native and where.kind != "cpu":
        raise DeviceMissing(f"RUNTIME={runtime} cannot use {device}", hint=f"set RUNTIME=auto or {native}")
    if importlib.util.find_spec(runtime) is None:
        raise DeviceMissing(f"{runtime} is not installed", hint="set RUNTIME=auto, or pip install 'darkroom[openvino]'")
    precision = "f32" if settings.precision == "auto" else settings.precision
    if runtime == "onnxruntime" and precision != "f32":
        raise DeviceMissing(
            f"PRECISION={precision} needs OpenVINO: onnxruntime computes as the model is stored",
            hint="set RUNTIME=openvino, or PRECISION=auto",
        )
    return Backend(where, runtime, precision)


def core_count(settings: EngineSettings) -> int:
    """Processor cores to compute on: `ENGINE_THREADS`, or those that this process may run on."""
    if settings.engine_threads:
        return settings.engine_threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_session(path: Path, backend: Backend, threads: int, calls: int = 1) -> Session:
    """Load a model.

    Args:
        path: an ONNX file.
        backend: from `choose_backend`.
        threads: processor cores that one call may use.
        calls: calls that are expected to run at once.

    Raises:
        DeviceMissing: the device cannot be used.
        ModelMissing: the file cannot be loaded.
    """
    try:
        if backend.runtime == "openvino":
            return OpenVinoSession(path, backend, threads, calls)
        return OnnxSession(path, backend, threads)
    except DeviceMissing:
        raise
    except Exception as error:  # both runtimes raise types of their own, with no common base
        raise ModelMissing(f"{path} cannot be loaded by {backend.runtime}: {error}") from error


class OnnxSession:
    """onnxruntime on the CPU or on CUDA."""

    def __init__(self, path: Path, backend: Backend, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that wait for work must not burn a core, and a picture's size must not stay allocated for ever.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=_providers(backend.device))
        if backend.device.kind == "cuda" and "CUDAExecutionProvider" not in self._session.get_providers():
            raise DeviceMissing(
                f"cuda:{backend.device.index}: onnxruntime cannot start CUDA here",
                hint="its CUDA and cuDNN libraries must match the driver: see `darkroom doctor`",
            )
        self.inputs: Mapping[str, tuple[int | None, ...]] = {
            node.name: tuple(side if isinstance(side, int) else None for side in node.shape)
            for node in self._session.get_inputs()
        }
        self.outputs = tuple(node.name for node in self._session.get_outputs())

    def run(self, feeds: Mapping[str, Tensor]) -> list[Tensor]:
        """See `Session.run`."""
        try:
            results: list[Tensor] = self._session.run(None, dict(feeds))
        except Exception as error:  # onnxruntime's own exception types have no common base
            raise InferenceFailed(f"onnxruntime failed: {error}") from error
        return results


def _providers(device: Device) -> list[Any]:
    if device.kind == "cuda":
        return [("CUDAExecutionProvider", {"device_id": device.index}), "CPUExecutionProvider"]
    return ["CPUExecutionProvider"]


class OpenVinoSession:
    """OpenVINO's own runtime on the CPU or an Intel GPU."""

    def __init__(self, path: Path, backend: Backend, threads: int, calls: int) -> None:
        import openvino

        on_cpu = backend.device.kind == "cpu"
        target = "CPU" if on_cpu else f"GPU.{backend.device.index}"
        # Without a hint the CPU plug-in takes bfloat16 where the processor has it, which changes what is read.
        config: dict[str, Any] = {"INFERENCE_PRECISION_HINT": backend.precision}
        if on_cpu:
            config |= {
                "INFERENCE_NUM_THREADS": threads * calls,
                "NUM_STREAMS": calls,
                "ENABLE_CPU_PINNING": False,
                # Every new shape is otherwise kept with its own copies of the weights.
                "CPU_RUNTIME_CACHE_CAPACITY": 0,
            }
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(path), target, config)
        self.inputs: Mapping[str, tuple[int | None, ...]] = {
            port.get_any_name(): _free_shape(port.get_partial_shape()) for port in compiled.inputs
        }
        self.outputs = tuple(port.get_any_name() for port in compiled.outputs)
        self._requests: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(calls):
            self._requests.put(compiled.create_infer_request())

    def run(self, feeds: Mapping[str, Tensor]) -> list[Tensor]:
        """See `Session.run`; waits while as many calls as were expected are running."""
        request = self._requests.get()
        try:
            results = request.infer(dict(feeds), share_inputs=True)
            return [np.array(results[index]) for index in range(len(self.outputs))]
        except Exception as error:  # OpenVINO raises RuntimeError and its own types
            raise InferenceFailed(f"OpenVINO failed: {error}") from error
        finally:
            self._requests.put(request)


def _free_shape(shape: Any) -> tuple[int | None, ...]:
    return tuple(side.get_length() if side.is_static else None for side in shape)
