"""A real vLLM on this machine's CPU, with the scripted model."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Final

import httpx

from tests.conftest import until
from tests.vllm.rig import place

MODEL: Final = "deepseek-ai/DeepSeek-OCR"
KEY: Final = "a key of the tests"
START_S: Final = 220
# With bfloat16 a decoding step of a model as narrow as this one takes for ever on some CPUs.
ARGUMENTS: Final = (
    *("--served-model-name", MODEL, "--host", "127.0.0.1", "--dtype", "float32", "--enforce-eager"),
    *("--max-num-seqs", "8", "--no-enable-prefix-caching", "--mm-processor-cache-gb", "0"),
    *("--logits-processors", "vllm.model_executor.models.deepseek_ocr:NGramPerReqLogitsProcessor"),
)
ENVIRONMENT: Final = {
    "PYTHONPATH": str(place.HERE),
    "LD_PRELOAD": str(place.OPENMP),
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_API_KEY": KEY,
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


class Vllm:
    """One server in a process group of its own; its port stays when it is started again.

    Attributes:
        url: with its `/v1`.
    """

    def __init__(self, log: Path, *more: str) -> None:
        """Choose a port, and further arguments; nothing runs yet."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self._port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/v1"
        self._log = log
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting until it serves."""
        command = [str(place.PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(place.model())]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self._port), *ARGUMENTS, *self._more],
                env={**os.environ, **ENVIRONMENT, "OMP_NUM_THREADS": str(min(2, len(os.sched_getaffinity(0))))},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until it serves."""
        until(self._serves, START_S, f"a vLLM that serves (its log is {self._log})")

    def signal(self, number: signal.Signals) -> None:
        """To all of its processes: SIGSTOP makes it fall silent, SIGCONT go on."""
        assert self._process is not None
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """End all of its processes at once."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def running(self) -> int:
        """Requests that it works on now, by its own count."""
        metrics = httpx.get(f"{self.url.removesuffix('/v1')}/metrics", timeout=10).text
        found = re.search(r"^vllm:num_requests_running\{.*\} (\S+)$", metrics, re.MULTILINE)
        assert found, metrics[:2000]
        return int(float(found.group(1)))

    def refused(self) -> int:
        """Answers 503 that it has given, by its log."""
        return self._log.read_text(errors="replace").count("503 Service Unavailable")

    def _serves(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"vLLM ended: {self._log.read_text(errors='replace')[-3000:]}"
        try:
            return httpx.get(f"{self.url.removesuffix('/v1')}/health", timeout=2).status_code == 200
        except httpx.TransportError:
            return False
