"""How vLLM is started for a document model: its flags, its environment, and the Python that has it."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from engines.document import prompts

SERVER: Final = "vllm.entrypoints.openai.api_server"
LOOK_S: Final = 30.0

# Pages do not repeat, so that caches of prefixes and pictures only cost.
_NO_CACHES: Final = ("--no-enable-prefix-caching", "--mm-processor-cache-gb", "0")
_DEEPSEEK: Final = ("--logits-processors", "vllm.model_executor.models.deepseek_ocr:NGramPerReqLogitsProcessor")

# From vLLM's recipes, by the names of `engines.document.prompts`.
FLAGS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "DeepSeek-OCR": (*_DEEPSEEK, *_NO_CACHES),
        "DeepSeek-OCR-2": (*_DEEPSEEK, *_NO_CACHES),
        "PaddleOCR-VL": ("--trust-remote-code", "--max-num-batched-tokens", "16384", *_NO_CACHES),
        # As its authors run it: its chat template takes the picture's tokens as part of a text.
        "dots.ocr": ("--trust-remote-code", "--chat-template-content-format", "string"),
    }
)

ENVIRONMENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_USE_V2_MODEL_RUNNER": "0",  # which refuses DeepSeek's logits processor
        "PYTHONWARNINGS": "ignore::DeprecationWarning",  # of the module that is started, at every start
    }
)


@dataclass(frozen=True, slots=True)
class Launch:
    """A vLLM that is to be started.

    Attributes:
        python: that has vLLM.
        model: the name that it serves under, and by which its flags are found.
        weights: where the model's files are, a folder or a name on the hub; empty: by the model's name.
        grace_s: seconds that requests get to finish when it stops.
        more: further arguments of vLLM's own.
    """

    python: str
    model: str
    weights: str
    host: str
    port: int
    grace_s: int
    more: Sequence[str] = ()

    @property
    def command(self) -> list[str]:
        """The server by its module: `vllm serve` does not run from every distribution of vLLM."""
        return [
            *(self.python, "-m", SERVER),
            *("--model", self.weights or self.model, "--served-model-name", self.model),
            *("--host", self.host, "--port", str(self.port)),
            *("--shutdown-timeout", str(self.grace_s), "--uvicorn-log-level", "warning"),
            *FLAGS.get(prompts.find(self.model).name, ()),
            *self.more,
        ]

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` for vLLM, with ENVIRONMENT for what `base` does not say."""
        usual = dict(ENVIRONMENT)
        if key := base.get("LLM_API_KEY"):
            usual["VLLM_API_KEY"] = key
        # Its counters are its own, and modules are not to come from the folder that we were started in.
        own = {name: value for name, value in base.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
        return {**usual, **own, "PYTHONSAFEPATH": "1"}


def problem(python: str) -> str | None:
    """Why this Python cannot run vLLM, with the next step; None where it can."""
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('vllm') is None)"
    try:
        found = subprocess.run([python, "-c", look], stdin=subprocess.DEVNULL, timeout=LOOK_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"LLM_PYTHON={python} cannot be run: {error}."
    if found.returncode == 0:
        return None
    return (
        f"vLLM is not installed for {python}. Install it with: {python} -m pip install 'vllm>=0.19' "
        "or, where it is installed in an environment of its own, set LLM_PYTHON to the Python there."
    )
