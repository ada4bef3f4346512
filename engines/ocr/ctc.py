"""CTC outputs -> text, with the space weighted up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# PP-OCR recognisers see a space and yet prefer the blank between two words: most lost words are glued ones.
SPACE_WEIGHT = 20.0


@dataclass(frozen=True, slots=True)
class Reading:
    """Text of one line and the mean probability of its characters, 0..1; empty text has score 0."""

    text: str
    score: float


class CtcDecoder:
    """Greedy CTC decoding over a dictionary."""

    def __init__(self, characters: Sequence[str], space_weight: float = SPACE_WEIGHT) -> None:
        """Take the dictionary.

        Args:
            characters: of classes 1 to n; class 0 is the blank. A space, where the network has one, is class n + 1.
            space_weight: factor on the probability of the space before the best class is chosen.
        """
        self.classes = ["", *characters, " "]
        self._space = len(characters) + 1 if " " not in characters else list(characters).index(" ") + 1
        self._space_weight = space_weight

    def decode(self, probabilities: NDArray[np.float32]) -> list[Reading]:
        """Read a batch.

        Args:
            probabilities: float32 [n, steps, classes], 0..1; the space's column is changed in place.
        """
        space = probabilities[..., self._space].copy() if probabilities.shape[-1] > self._space else None
        if space is not None:
            probabilities[..., self._space] *= self._space_weight
        best = probabilities.argmax(axis=-1)
        peak = np.take_along_axis(probabilities, best[..., None], axis=-1)[..., 0]
        return [self._collapse(row, score) for row, score in zip(best, peak, strict=True)]

    def _collapse(self, best: NDArray[np.int64], peak: NDArray[np.float32]) -> Reading:
        fresh = best != 0
        fresh[1:] &= best[1:] != best[:-1]
        chosen = best[fresh]
        text = "".join(self.classes[index] for index in chosen.tolist()).strip()
        letters = fresh & (best != self._space)
        if not text or not letters.any():
            return Reading("", 0.0)
        return Reading(text, float(peak[letters].mean()))
