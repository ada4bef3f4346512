"""A text tower that computes only the positions that a text fills: made once, compared with the original, and kept.

It is used only where it gives the vectors that the original gives. A network that looks at its padding (SigLIP's does)
stays as it is, which is remembered as well.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from engines import memory
from engines.clip.tokenize import TextReader, Tokens
from engines.runtime import Backend, Feed, Session, compiled_folder, open_session

log = logging.getLogger(__name__)

STEP: Final = 8
"""Lengths are multiples of it, so that there are few."""
_SAMPLES: Final = ("a", "a dog on the beach at sunset", "一只狗 2024", "two people " * 12, "every word of it " * 60)
# Raised by hand whenever the way they are made changes.
_VERSION: Final = "1"
_SAME: Final = "same"
_MOST_OFF: Final = 1e-4
"""Of a vector's length: float32 added up in another order."""

IdType = type[np.int32] | type[np.int64]


def trimmed(model: Path, reader: TextReader, id_type: IdType, backend: Backend, models: Path) -> Path | None:
    """The file of the tower that takes texts of any length; None where the original must be used.

    Args:
        model: the original, an ONNX file.
        reader: of the tower's texts.
        id_type: what its export takes ids as.
        backend: that it runs on; a GPU, which compiles every shape anew, keeps the original.
        models: `MODEL_CACHE`.
    """
    if backend.device.kind != "cpu":
        return None
    own = replace(backend, cache=models / ".compiled" / "trimmed" / f"{backend.runtime}-{_VERSION}")
    folder = compiled_folder(model, own)
    if folder is None:
        return None
    verdict, made = folder / "verdict", folder / "model.onnx"
    try:
        with FileLock(folder / "lock"):
            if not verdict.is_file():
                verdict.write_text(_try(model, made, reader, id_type, backend), "utf-8")
            return made if verdict.read_text("utf-8") == _SAME else None
    except OSError as error:
        log.warning("%s stays as it is: %s", model, error)
        return None


def length(texts: Sequence[Tokens]) -> int:
    """Positions that these texts fill, to the next step, and never over the context."""
    used = max(int(np.flatnonzero(text.mask)[-1]) + 1 if text.mask.any() else 1 for text in texts)
    return min(-(-used // STEP) * STEP, len(texts[0].ids))


def feeds(inputs: Sequence[str], texts: Sequence[Tokens], id_type: IdType, positions: int) -> dict[str, Feed]:
    """What a tower is given for some texts: M-CLIP's exports have a mask, the others make it themselves."""
    ids: NDArray[Any] = np.stack([text.ids[:positions] for text in texts]).astype(id_type)
    mask: NDArray[Any] = np.stack([text.mask[:positions] for text in texts]).astype(id_type)
    return {name: mask if name == "attention_mask" else ids for name in inputs}


def _try(model: Path, made: Path, reader: TextReader, id_type: IdType, backend: Backend) -> str:
    """Make it and compare; says `same`, or why it is of no use."""
    texts, backend = [reader(sample) for sample in _SAMPLES], replace(backend, cache=None)
    try:
        _write(model, made, len(texts[0].ids))
        wanted = _vectors(open_session(model, backend, 1), texts, id_type, cut=False)
        memory.release()
        got = _vectors(open_session(made, backend, 1), texts, id_type, cut=True)
        off = float((np.linalg.norm(got - wanted, axis=1) / np.linalg.norm(wanted, axis=1)).max())
        said = _SAME if off <= _MOST_OFF else f"its vectors are off by {off:.1e}"
    except Exception as error:  # noqa: BLE001 - whatever a graph of an unknown kind makes fail, the original is there
        said = f"{type(error).__name__}: {error}"
    if said == _SAME:
        log.info("%s computes short texts at their length from now on", model)
    else:
        log.info("%s stays as it is: %s", model, said)
        for file in (made, made.with_name("weights")):
            file.unlink(missing_ok=True)
    memory.release()
    return said


def _write(model: Path, made: Path, context: int) -> None:
    import onnx

    from engines.clip.free_length import free

    tower = onnx.load(model)
    free(tower, context)
    made.with_name("weights").unlink(missing_ok=True)  # what is saved there is added at the end
    onnx.save(tower, made, save_as_external_data=True, location="weights")


def _vectors(session: Session, texts: list[Tokens], id_type: IdType, cut: bool) -> NDArray[np.float32]:
    def vector(text: Tokens) -> NDArray[np.float32]:
        positions = length([text]) if cut else len(text.ids)
        made: NDArray[np.float32] = session.run(feeds(tuple(session.inputs), [text], id_type, positions))[0][0]
        return made

    return np.stack([vector(text) for text in texts])
