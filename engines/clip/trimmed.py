"""Towers that compute only what their vectors need: a text's own positions, and a picture's class token at the end.

A network that looks at its padding (SigLIP's does) or has no such token stays as it is; see `rewritten`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.clip.rewritten import Rewriting, rewritten
from engines.clip.tokenize import TextReader, Tokens
from engines.runtime import Backend, Feed, Session

if TYPE_CHECKING:
    import onnx

STEP: Final = 8
"""Lengths are multiples of it, so that there are few."""
_SAMPLES: Final = ("a", "a dog on the beach at sunset", "一只狗 2024", "two people " * 12, "every word of it " * 60)
_PICTURES: Final = 3

IdType = type[np.int32] | type[np.int64]


def trimmed_text(model: Path, reader: TextReader, id_type: IdType, backend: Backend, models: Path) -> Path | None:
    """The file of the text tower that takes texts of any length; None where the original must be used.

    Args:
        model: the original, an ONNX file.
        reader: of the tower's texts.
        id_type: what its export takes ids as.
        backend: that it runs on; a GPU keeps the original.
        models: `MODEL_CACHE`.
    """
    context = len(reader("a").ids)

    def change(tower: "onnx.ModelProto") -> None:
        from engines.clip.early_gather import gather_early
        from engines.clip.free_length import free

        free(tower, context)
        gather_early(tower)

    def vectors(session: Session, cut: bool) -> NDArray[np.float32]:
        return np.stack([_vector(session, reader(sample), id_type, cut) for sample in _SAMPLES])

    return rewritten(model, backend, models, Rewriting("trimmed-2", change, vectors, "computes texts at their length"))


def trimmed_image(model: Path, side: int, backend: Backend, models: Path) -> Path | None:
    """The file of the image tower whose end is computed for one token alone; None where the original must be used.

    Args:
        model: the original, an ONNX file.
        side: of its pictures, pixels.
        backend: that it runs on; a GPU keeps the original.
        models: `MODEL_CACHE`.
    """

    def change(tower: "onnx.ModelProto") -> None:
        from engines.clip.early_gather import gather_early

        if not gather_early(tower):
            raise ValueError("no end of it works on one token alone")

    def vectors(session: Session, _: bool) -> NDArray[np.float32]:
        pictures = np.random.default_rng(0).normal(size=(_PICTURES, 1, 3, side, side)).astype(np.float32)
        name = next(iter(session.inputs))
        return np.stack([session.run({name: picture})[0][0] for picture in pictures])

    return rewritten(
        model, backend, models, Rewriting("class-token-1", change, vectors, "ends at the token that is read")
    )


def length(texts: Sequence[Tokens]) -> int:
    """Positions that these texts fill, to the next step, and never over the context."""
    used = max(int(np.flatnonzero(text.mask)[-1]) + 1 if text.mask.any() else 1 for text in texts)
    return min(-(-used // STEP) * STEP, len(texts[0].ids))


def feeds(inputs: Sequence[str], texts: Sequence[Tokens], id_type: IdType, positions: int) -> dict[str, Feed]:
    """What a tower is given for some texts: M-CLIP's exports have a mask, the others make it themselves."""
    ids: NDArray[Any] = np.stack([text.ids[:positions] for text in texts]).astype(id_type)
    mask: NDArray[Any] = np.stack([text.mask[:positions] for text in texts]).astype(id_type)
    return {name: mask if name == "attention_mask" else ids for name in inputs}


def _vector(session: Session, text: Tokens, id_type: IdType, cut: bool) -> NDArray[np.float32]:
    positions = length([text]) if cut else len(text.ids)
    made: NDArray[np.float32] = session.run(feeds(tuple(session.inputs), [text], id_type, positions))[0][0]
    return made
