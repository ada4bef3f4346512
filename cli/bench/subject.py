"""What a row asks about, of the pictures and texts that are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cli.bench import accuracy
from cli.bench.labelled import Labelled, Material

PRELOAD: Final = {"ocr": "ocr", "clip_image": "clip", "clip_text": "clip_text", "faces": "face"}
UNIT: Final = {"ocr": "images/s", "clip_image": "images/s", "clip_text": "requests/s", "faces": "images/s"}
MISSING: Final = {
    "ocr": "no pages with known text",
    "clip_image": "no photos",
    "clip_text": "no captions",
    "faces": "no photos of people",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """One row's questions.

    Attributes:
        name: of the row.
        given: pictures or texts, each once.
        pages: those of them whose text is known, the first ones, in order.
        names: who is on each of them, where that is known.
    """

    name: str
    given: list[bytes]
    pages: list[Labelled]
    names: list[list[str]]

    @property
    def preload(self) -> str:
        """As PRELOAD has it."""
        return PRELOAD[self.name]

    @property
    def unit(self) -> str:
        """Of the rate."""
        return UNIT[self.name]

    def judge(self, ours: Sequence[Any], theirs: Sequence[Any], dlib: bool) -> dict[str, float]:
        """How right the answers of both sides are, which are in the order of `given`."""
        if self.name == "ocr":
            count = len(self.pages)
            return accuracy.reading(self.pages, ours[:count], theirs[:count])
        if self.name == "faces":
            return accuracy.people(self.names, ours, theirs, dlib)
        return accuracy.vectors(ours, theirs)


def subject(name: str, material: Material, most: int) -> Subject | None:
    """A row's questions, at most so many; None where there is nothing to ask about."""
    if name == "clip_text":
        texts = [text.encode() for text in spread(material.captions, 4 * most)]
        return Subject(name, texts, [], []) if texts else None
    if name == "ocr":
        pages = spread(material.pages, most - most // 4)
        paths = [page.path for page in pages] + spread(material.signs, most // 4)
        return Subject(name, _read(paths), pages, []) if pages else None
    paths = spread([*material.photos, *material.people], most) if name == "clip_image" else _faces(material)[:most]
    names = accuracy.names_of(material.people, paths)
    return Subject(name, _read(paths), [], names) if paths else None


def spread(things: Sequence[Any], most: int) -> list[Any]:
    """At most so many, evenly from all."""
    step = max(1.0, len(things) / max(1, most))
    return [things[int(place * step)] for place in range(min(len(things), most))]


def _faces(material: Material) -> list[Path]:
    """Photos of people who are there more than once first, so that few photos hold pairs too."""
    counted: dict[str, int] = {}
    for names in material.people.values():
        for name in names:
            counted[name] = counted.get(name, 0) + 1
    known = sorted(material.people, key=lambda path: -max((counted[name] for name in material.people[path]), default=0))
    return known or material.photos


def _read(paths: Sequence[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]
