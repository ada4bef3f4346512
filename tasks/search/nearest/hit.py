"""What a search for vectors finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """A photo that is near.

    Attributes:
        score: cosine of the angle between the vectors, -1 to 1.
        face: number of its nearest face, where faces are searched.
        vector_id: of that face, or of the photo.
    """

    photo_id: int
    score: float
    face: int | None
    vector_id: int
