"""What the golden vectors were made of: photos that scikit-image carries, texts, and labels."""

import importlib.util
from pathlib import Path

import pytest

PICTURES = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
TEXTS = (
    "cat",
    "A man is in a kitchen making pizzas.",
    "two dogs,  running on the BEACH!  isn't it?",
    "naïve café 2024 \U0001f602",
    "一只猫在沙发上睡觉",
    "",
    "a very long description of a photo " * 60,
)
# Of these classes the golden file has the vectors.
CLASSES = (0, 99, 281, 404, 681, 999)


def picture(name: str) -> Path:
    """A photo's file inside the installed wheel."""
    spec = importlib.util.find_spec("skimage")
    for root in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(root) / "data" / name
        if path.is_file():
            return path
    pytest.skip(f"no {name}: the wheel scikit-image is not installed")
