"""The labels that the classifier knows, and how they count for a picture's vector."""

from pathlib import Path
from typing import Final

# Of ConSE: how many labels count, and how far the classifier's certainty is evened out. Measured on COCO photos with
# their captions, as was the prompt, and that the classifier sees the whole picture squashed rather than its centre.
TOP: Final = 20
TEMPERATURE: Final = 2.0
PROMPT: Final = "a photo of a {}"

_FILE: Final = Path(__file__).with_name("labels.txt")


def read_labels() -> list[str]:
    """The names of the 1,000 classes, in the order of the classifier's outputs."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def prompts() -> list[str]:
    """What the sentence model is given for each label."""
    return [PROMPT.format(label) for label in read_labels()]
