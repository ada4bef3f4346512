"""What Darkroom adds to a real vLLM, each on cores of its own, as an engine has a GPU of its own elsewhere."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.vllm.rig import place
from tests.vllm.rig.server import KEY, Vllm


def main() -> int:
    """Run `darkroom bench --document` with further arguments against a vLLM on the first half of the cores."""
    cores = sorted(os.sched_getaffinity(0))
    half = len(cores) // 2
    if not half:
        sys.exit("One core is too few: the engine takes half of them, and the service the other half.")
    place.set_up()
    place.model()
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        engine = Vllm(Path(folder) / "vllm.log")
        os.sched_setaffinity(0, cores[:half])
        engine.start()
        os.sched_setaffinity(0, cores[half:])
        try:
            engine.wait()
            own = {**os.environ, "LLM_BASE_URL": engine.url, "LLM_API_KEY": KEY}
            darkroom = Path(sys.executable).parent / "darkroom"
            return subprocess.call([str(darkroom), "bench", "--document", *sys.argv[1:]], env=own)
        finally:
            engine.kill()


if __name__ == "__main__":
    sys.exit(main())
