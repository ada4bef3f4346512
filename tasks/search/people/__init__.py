"""People: faces whose vectors are alike, gathered by a clustering and put right by whoever knows them."""

from typing import Final

KIND: Final = "people"
"""Of the job that clusters faces. It has no items: it is being listed until it is done."""

MIN_FACES: Final = 3
"""A group with fewer is nobody yet."""
