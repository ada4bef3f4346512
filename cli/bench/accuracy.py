"""How right both sides are, so that nobody is fast and wrong."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from cli.bench.labelled import Labelled

Vector = NDArray[np.float32]
COSINE: Final = 0.33
DISTANCE: Final = 0.64
"""From which on two faces are one person's: cosine for ArcFace networks, distance for dlib's."""


def reading(pages: Sequence[Labelled], ours: Sequence[str], theirs: Sequence[str]) -> dict[str, float]:
    """Share of the known words that each side read."""
    from engines.ocr.scoring import word_recall

    def mean(found: Sequence[str]) -> float:
        return fmean(word_recall(page.text, text) for page, text in zip(pages, found, strict=True))

    return {"word recall": mean(ours), "reference": mean(theirs)}


def vectors(ours: Sequence[Vector], theirs: Sequence[Vector]) -> dict[str, float]:
    """How alike the vectors of both sides are."""
    found = [cosine(one, other) for one, other in zip(ours, theirs, strict=True)]
    return {"cosine": fmean(found), "least": min(found)}


def people(
    names: Sequence[Sequence[str]], ours: Sequence[Sequence[Vector]], theirs: Sequence[Sequence[Vector]], dlib: bool
) -> dict[str, float]:
    """Share of pairs of faces that each side tells right, where names are known; and how many faces it found."""
    found = {"faces": float(sum(map(len, ours))), "reference faces": float(sum(map(len, theirs)))}
    for key, side in (("pairs right", ours), ("reference pairs right", theirs)):
        told = _pairs(names, side, dlib)
        if told is not None:
            found[key] = told
    return found


def _pairs(names: Sequence[Sequence[str]], side: Sequence[Sequence[Vector]], dlib: bool) -> float | None:
    from engines.faces.scoring import balanced_accuracy

    known: list[tuple[str, Any]] = [
        (who[0], faces[0]) for who, faces in zip(names, side, strict=True) if len(who) == 1 and len(faces) == 1
    ]
    try:
        return balanced_accuracy(known, is_near if dlib else is_alike)
    except ValueError:  # nobody is there twice
        return None


def is_alike(one: Any, other: Any) -> bool:
    """For vectors of ArcFace networks."""
    return cosine(np.asarray(one), np.asarray(other)) > COSINE


def is_near(one: Any, other: Any) -> bool:
    """For dlib's."""
    return math.dist(one, other) <= DISTANCE


def cosine(one: Vector, other: Vector) -> float:
    """Of the angle between two vectors."""
    return float(one @ other / max(1e-12, float(np.linalg.norm(one) * np.linalg.norm(other))))


def names_of(people_of: dict[Path, list[str]], paths: Sequence[Path]) -> list[list[str]]:
    """Who is on each."""
    return [people_of.get(path, []) for path in paths]
