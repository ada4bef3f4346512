"""The weights that both sides run, in one folder that looks like a model cache."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from cli.bench import stand_in

if TYPE_CHECKING:
    from engines.settings import EngineSettings

FACES: Final = "bench-faces"
DLIB: Final = "dlib"
TASK: Final = "facial-recognition"


@dataclass(frozen=True, slots=True)
class Weights:
    """What runs on both sides.

    Attributes:
        cache: folder in the layout of MODEL_CACHE.
        clip: the CLIP model's name; empty where nothing wants one.
        faces: the face models' name, `dlib` among them.
        notes: what stands in for what.
    """

    cache: Path
    clip: str
    faces: str
    notes: tuple[str, ...]

    @property
    def env(self) -> dict[str, str]:
        """What makes a service use them."""
        named = {"MODEL_CACHE": str(self.cache), "FACE_RECOGNITION_MODEL_NAME": self.faces, "CLIP_MODEL": ""}
        if self.clip:
            named |= {"CLIP_VISUAL_MODEL_NAME": self.clip, "CLIP_TEXTUAL_MODEL_NAME": self.clip}
        return named

    def settings(self) -> "EngineSettings":
        """The same for engines in this process."""
        from engines.settings import EngineSettings

        chosen: dict[str, Any] = {name.lower(): value for name, value in self.env.items()}
        return EngineSettings(**chosen)

    def model(self, subject: str) -> str:
        """The name of the model that answers for a row."""
        return {"ocr": self.settings().ocr_model_name, "faces": self.faces}.get(subject, self.clip)


def gather(folder: Path, faces: Path | None, wanted: tuple[str, ...], console: Console) -> Weights:
    """Lay out what is there of the configured models, and stand-ins for the rest.

    Args:
        folder: to be filled.
        faces: with ONNX files of SCRFD and an ArcFace network; None for the configured models.
        wanted: rows.
    """
    from engines.settings import EngineSettings

    settings = EngineSettings()
    notes: list[str] = []
    clip = ""
    if {"clip_image", "clip_text", "rescan"} & set(wanted):
        clip = _clip(folder, settings, notes, console)
    return Weights(folder, clip, _faces(folder, faces, settings, notes), tuple(notes))


def _clip(folder: Path, settings: "EngineSettings", notes: list[str], console: Console) -> str:
    from engines import store
    from engines.errors import ModelError

    name = settings.clip_visual_model_name
    with contextlib.suppress(ModelError):
        files = store.find("clip", name, settings).files
        if {"visual/model.onnx", "textual/model.onnx"} <= files.keys():
            _link(store.place("clip", name, settings), folder / "clip" / name)
            return name
    console.print(f"[dim]{name} is not here: random weights of its size are drawn ...[/]")
    stand_in.write(folder / "clip" / stand_in.NAME)
    notes.append(f"CLIP: random weights of the size of ViT-B/32 stand in for {name} (darkroom models pull {name})")
    return stand_in.NAME


def _faces(folder: Path, given: Path | None, settings: "EngineSettings", notes: list[str]) -> str:
    from engines import store
    from engines.errors import ModelError

    if given is not None and (pack := _pack(given)):
        for part, file in pack.items():
            place = folder / TASK / FACES / part
            place.mkdir(parents=True)
            (place / "model.onnx").symlink_to(file.resolve())
        notes.append(f"faces: {', '.join(file.stem for file in pack.values())} of {given}")
        return FACES
    name = settings.face_recognition_model_name
    with contextlib.suppress(ModelError):
        store.find(TASK, name, settings)
        _link(store.place(TASK, name, settings), folder / TASK / name)
        return name
    notes.append(f"faces: dlib's models stand in for {name} (darkroom models pull {name})")
    return DLIB


def _pack(folder: Path) -> dict[str, Path]:
    """Detector and recogniser of a folder, told by their names; nothing where one of them is not there."""
    files = sorted(folder.glob("*.onnx"), key=lambda file: -file.stat().st_size)
    detectors = [file for file in files if any(word in file.name for word in ("det", "scrfd"))]
    others = [file for file in files if file not in detectors]
    return {"detection": detectors[0], "recognition": others[0]} if detectors and others else {}


def _link(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(source.resolve(), target_is_directory=True)
