"""From which cosine on two faces of a model are taken for one person's.

A clustering needs a stricter bound than a comparison of two faces: one wrong pair among many joins two people.
"""

from typing import Final

ARCFACE: Final = 0.5
"""InsightFace's packs, as their users know it: a distance of 0.5."""

OWN: Final[dict[str, float]] = {
    # Its vectors all lie on one side. Of the labelled photos with one face, those of one person have 0.927 and more,
    # and those of two 0.903 at most.
    "dlib": 0.92,
}


def alike_from(model: str) -> float:
    """The least cosine of faces that are linked, by the model's name."""
    return OWN.get(model, ARCFACE)
