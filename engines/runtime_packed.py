"""Large models as onnxruntime computes them on this processor: optimised, their weights packed, mapped into memory.

Loaded from its own file a tower of 350 MB takes 760 MB on the way, and 360 MB of each process that has it. What is
mapped is in memory once for all processes of a host and for all sessions of one, and computes the same numbers. It is
made when a model is first loaded, takes twice the model's size on the disk, and may be deleted.
"""

import hashlib
import logging
import os
import shutil
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from engines import memory, tuned
from engines.runtime import Backend, compiled_folder

log = logging.getLogger(__name__)

LEAST_BYTES: Final = 64 * 2**20
"""Of a model's folder; what is smaller is loaded as it is."""
MODEL: Final = "model.onnx"
_WEIGHTS: Final = "weights"


def packed(path: Path, backend: Backend) -> Path:
    """The file to be loaded for a model on a CPU; its own where that is small, or where nothing can be kept."""
    if sum(file.stat().st_size for file in path.parent.iterdir() if file.is_file()) < LEAST_BYTES:
        return path
    folder = compiled_folder(path, backend)
    if folder is None:
        return path
    # Packed weights suit one processor and one version of onnxruntime; the folder may be shared with other hosts.
    made = folder / hashlib.sha256(tuned.machine().encode()).hexdigest()[:16]
    try:
        with FileLock(folder / "lock"):
            if not made.is_dir():
                _make(path, made)
    except Exception as error:  # noqa: BLE001 - onnxruntime's own types, a full disk: the model's own file is there
        log.warning("%s is loaded as it is: %s", path, error)
        return path
    return made / MODEL


def forget(path: Path) -> None:
    """Delete what `packed` gave, as it could not be used."""
    shutil.rmtree(path.parent, ignore_errors=True)


def _make(path: Path, made: Path) -> None:
    """Write the folder `made` so that it is there whole or not at all."""
    import onnxruntime

    part = made.with_name(f"{made.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        onnxruntime.InferenceSession(str(path), _options(onnxruntime, part), providers=["CPUExecutionProvider"])
        for file in part.iterdir():
            with file.open("rb") as written:
                os.fsync(written.fileno())
        part.rename(made)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    finally:
        memory.release()
    log.info("%s is mapped from %s from now on", path, made)


def _options(onnxruntime: Any, folder: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.optimized_model_filepath = str(folder / MODEL)
    for name, value in (
        ("save_external_prepacked_constant_initializers", "1"),
        ("optimized_model_external_initializers_file_name", _WEIGHTS),
        ("optimized_model_external_initializers_min_size_in_bytes", "1024"),
    ):
        options.add_session_config_entry(f"session.{name}", value)
    return options
