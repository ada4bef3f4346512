"""Photos nearest to a question, by the vectors that a scan brought."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

Vector = Sequence[float]


def similarity(a: Vector, b: Vector) -> float:
    """Cosine of the angle between two vectors; 0 where one has no length."""
    lengths = math.sqrt(math.fsum(x * x for x in a)) * math.sqrt(math.fsum(y * y for y in b))
    return math.fsum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def vectors(items: Mapping[str, Mapping[str, Any]]) -> dict[str, Vector]:
    """Name -> vector, of item frames that have one."""
    found = {name: ((item.get("results") or {}).get("clip") or {}).get("embedding") for name, item in items.items()}
    return {name: vector for name, vector in found.items() if vector}


def nearest(question: Vector, photos: Mapping[str, Vector], count: int = 3) -> list[tuple[str, float]]:
    """The `count` photos that are most like a question, best first, with their similarity."""
    ranked = sorted(
        ((name, similarity(question, vector)) for name, vector in photos.items()), key=lambda pair: -pair[1]
    )
    return ranked[:count]
