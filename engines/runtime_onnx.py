"""onnxruntime: on the CPU, on NVIDIA's GPUs by CUDA or TensorRT, on Intel's by OpenVINO."""

import contextlib
import io
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engines import intel, nvidia
from engines.errors import DeviceMissing, InferenceFailed
from engines.runtime import Backend, Feed, Tensor, compiled_folder
from engines.runtime_packed import forget, packed

log = logging.getLogger(__name__)

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"
TENSORRT: Final = "TensorrtExecutionProvider"

_HINTS: Final = {
    CUDA: "its CUDA and cuDNN libraries must match the driver: pip install 'onnxruntime-gpu[cuda,cudnn]'; "
    "`darkroom doctor` says more",
    TENSORRT: "TensorRT's libraries must match this onnxruntime: pip install tensorrt; or set RUNTIME=auto",
    intel.PROVIDER: "set RUNTIME=auto or openvino; `darkroom doctor` says more",
}


# Names of onnxruntime's exceptions, which it does not export.
_MODEL_FAULTS: Final = ("NoSuchFile", "NoModel", "InvalidProtobuf", "InvalidGraph", "InvalidArgument")


class OnnxSession:
    """A model loaded by onnxruntime; what a GPU cannot compute of it runs on the CPU, never all of it."""

    def __init__(self, path: Path, backend: Backend, threads: int) -> None:
        import onnxruntime

        on_cpu = backend.device.kind == "cpu"
        chosen = providers(backend, None if on_cpu else compiled_folder(path, backend))
        wanted = [name for name, _ in chosen if name != CPU]
        missing = _preload(onnxruntime) if backend.device.kind == "cuda" else ""
        # By default a provider that fails, here or later, is replaced by the CPU with a line on stdout.
        try:
            self._session: Any = _load(path, backend, _options(onnxruntime, threads), chosen)
        except Exception as error:  # onnxruntime's own exception types have no common base
            # A model that cannot be read is said to be so; all else is the fault of the device's side.
            if on_cpu or type(error).__name__ in _MODEL_FAULTS:
                raise
            raise _cannot_start(backend, wanted[0], missing or str(error).splitlines()[0]) from error
        for provider in wanted:
            if provider not in self._session.get_providers():
                raise _cannot_start(backend, provider, missing or "it was left out, see the log")
        self.inputs: Mapping[str, tuple[int | None, ...]] = {
            node.name: tuple(side if isinstance(side, int) else None for side in node.shape)
            for node in self._session.get_inputs()
        }
        self.outputs = tuple(node.name for node in self._session.get_outputs())

    def run(self, feeds: Mapping[str, Feed]) -> list[Tensor]:
        """See `Session.run`."""
        try:
            results: list[Tensor] = self._session.run(None, dict(feeds))
        except Exception as error:  # onnxruntime's own exception types have no common base
            raise InferenceFailed(f"onnxruntime failed: {error}") from error
        return results


def _load(path: Path, backend: Backend, options: Any, chosen: list[tuple[str, dict[str, str]]]) -> Any:
    from onnxruntime import InferenceSession

    file = packed(path, backend) if backend.device.kind == "cpu" else path
    try:
        return InferenceSession(str(file), options, providers=chosen, enable_fallback=0)
    except Exception as error:  # onnxruntime's own exception types have no common base
        if file == path:
            raise
        log.warning("%s is loaded as it is, as what was packed of it cannot be: %s", path, error)
        forget(file)
        return InferenceSession(str(path), options, providers=chosen, enable_fallback=0)


def providers(backend: Backend, cache: Path | None) -> list[tuple[str, dict[str, str]]]:
    """Execution providers by priority, with their options.

    Args:
        backend: device, runtime and precision.
        cache: folder for what is compiled; None keeps nothing.
    """
    cpu: tuple[str, dict[str, str]] = (CPU, {})
    if backend.device.kind == "intel":
        return [(intel.PROVIDER, _openvino(backend, cache)), cpu]
    if backend.device.kind == "cpu":
        return [cpu]
    number = str(nvidia.ordinal(backend.device.index))
    # Memory grows by what is asked for, not by powers of two: two workers share one GPU. An exhaustive search for
    # convolution kernels would run again for every new shape.
    cuda = {
        "device_id": number,
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    first = [(TENSORRT, _tensorrt(backend, number, cache))] if backend.runtime == "tensorrt" else []
    return [*first, (CUDA, cuda), cpu]


def _tensorrt(backend: Backend, number: str, cache: Path | None) -> dict[str, str]:
    options = {
        "device_id": number,
        "trt_fp16_enable": str(backend.precision == "f16"),
        "trt_bf16_enable": str(backend.precision == "bf16"),
    }
    if cache is not None:
        options |= {
            "trt_engine_cache_enable": "True",
            "trt_engine_cache_path": str(cache),
            "trt_timing_cache_enable": "True",
            "trt_timing_cache_path": str(cache),
        }
    return options


def _openvino(backend: Backend, cache: Path | None) -> dict[str, str]:
    options = {
        "device_type": f"GPU.{backend.device.index}",
        "precision": "FP16" if backend.precision == "f16" else "FP32",
    }
    return options if cache is None else {**options, "cache_dir": str(cache)}


def _preload(onnxruntime: Any) -> str:
    """Load CUDA's libraries, which wheels put where the loader does not look; says which one is missing, if any."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        onnxruntime.preload_dlls()
    return next((line for line in said.getvalue().splitlines() if line.startswith("Failed to load")), "")


def _options(onnxruntime: Any, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Threads that wait for work must not burn a core, and a picture's size must not stay allocated for ever.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    return options


def _cannot_start(backend: Backend, provider: str, reason: str) -> DeviceMissing:
    return DeviceMissing(
        f"{backend.device.name}: onnxruntime cannot start {provider}: {reason}", hint=_HINTS.get(provider)
    )
