"""A tower's network written anew so that it computes less: made once, compared with the original, and kept.

It is used only where it gives the vectors that the original gives. One that does not stays as it is, which is
remembered as well.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from engines import memory
from engines.runtime import Backend, Session, compiled_folder, open_session

if TYPE_CHECKING:
    import onnx

log = logging.getLogger(__name__)

_SAME: Final = "same"
_MOST_OFF: Final = 1e-4
"""Of a vector's length: float32 added up in another order."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """One way to write a network anew.

    Attributes:
        name: of its folder in `MODEL_CACHE/.compiled`, raised by hand whenever the way changes.
        change: a loaded model in place; what it raises is the reason why the original stays.
        vectors: float32 [samples, dimensions] of an original's session, and of one of what was made of it (True).
        gain: what is said of a model for which it works.
    """

    name: str
    change: Callable[["onnx.ModelProto"], None]
    vectors: Callable[[Session, bool], NDArray[np.float32]]
    gain: str


def rewritten(model: Path, backend: Backend, models: Path, how: Rewriting) -> Path | None:
    """The file of a network that gives a tower's vectors for less; None where the original must be used.

    Args:
        model: the original, an ONNX file.
        backend: that it runs on; a GPU, which compiles every shape anew, keeps the original.
        models: `MODEL_CACHE`.
        how: it is written.
    """
    if backend.device.kind != "cpu":
        return None
    folder = compiled_folder(model, replace(backend, cache=models / ".compiled" / how.name / backend.runtime))
    if folder is None:
        return None
    verdict, made = folder / "verdict", folder / "model.onnx"
    try:
        with FileLock(folder / "lock"):
            if not verdict.is_file():
                verdict.write_text(_try(model, made, backend, how), "utf-8")
            return made if verdict.read_text("utf-8") == _SAME else None
    except (OSError, MemoryError) as error:  # tried again the next time, unlike what a network is no good for
        log.warning("%s stays as it is for now: %r", model, error)
        return None


def _try(model: Path, made: Path, backend: Backend, how: Rewriting) -> str:
    """Make it and compare; says `same`, or why it is of no use."""
    plain = replace(backend, cache=None)
    try:
        _write(model, made, how)
        wanted = how.vectors(open_session(model, plain, 1), False)
        memory.release()
        got = how.vectors(open_session(made, plain, 1), True)
        off = float((np.linalg.norm(got - wanted, axis=1) / np.linalg.norm(wanted, axis=1)).max())
        said = _SAME if off <= _MOST_OFF else f"its vectors are off by {off:.1e}"
    except (OSError, MemoryError):
        _forget(made)
        raise
    except Exception as error:  # noqa: BLE001 - whatever a graph of an unknown kind makes fail, the original is there
        said = f"{type(error).__name__}: {error}"
    if said == _SAME:
        log.info("%s %s from now on", model, how.gain)
    else:
        log.info("%s stays as it is: %s", model, said)
        _forget(made)
    memory.release()
    return said


def _forget(made: Path) -> None:
    for file in (made, made.with_name("weights")):
        file.unlink(missing_ok=True)


def _write(model: Path, made: Path, how: Rewriting) -> None:
    import onnx

    tower = onnx.load(model)
    how.change(tower)
    made.with_name("weights").unlink(missing_ok=True)  # what is saved there is added at the end
    onnx.save(tower, made, save_as_external_data=True, location="weights")
