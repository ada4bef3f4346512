"""Pictures of which it is known what they show."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture all of whose text is known, line by line with quads (8 numbers, pixels; None for an unknown place)."""

    path: Path
    lines: tuple[tuple[str, Any], ...]

    @property
    def text(self) -> str:
        """All of it, one line a line."""
        return "\n".join(text for text, _ in self.lines)


@dataclass(frozen=True, slots=True)
class Material:
    """What is measured with.

    Attributes:
        pages: with known text.
        signs: photos in which something is written, of which no full text is known.
        photos: of all sizes, some of them of people.
        people: path -> names of who is on it.
        captions: what somebody may search for.
        note: where it comes from, if not from the folder that was asked for.
    """

    pages: list[Labelled] = field(default_factory=list)
    signs: list[Path] = field(default_factory=list)
    photos: list[Path] = field(default_factory=list)
    people: dict[Path, list[str]] = field(default_factory=dict)
    captions: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def every(self) -> list[Path]:
        """Pages and photos, as a library has them."""
        return [*(page.path for page in self.pages), *self.signs, *self.photos, *self.people]


def material(folder: Path, spare: Path) -> Material:
    """What lies in a folder of labelled pages and in `faces` and `clip` beside it; else pictures drawn into `spare`."""
    pages = labelled(folder)
    beside = folder.parent
    people = {beside / "faces" / entry["file"]: entry.get("identities") or [] for entry in _entries(beside / "faces")}
    pictured = _entries(beside / "clip")
    if pages:
        known = {page.path for page in pages}
        signs = [path for path in sorted(folder.glob("*.jp*g")) if path not in known and path.stat().st_size > 100_000]
        photos = [beside / "clip" / entry["file"] for entry in pictured]
        captions = [caption for entry in pictured for caption in entry.get("captions", [])]
        return Material(pages, signs, photos, people, captions)
    return _drawn(spare)


def labelled(folder: Path) -> list[Labelled]:
    """Pictures with their full text, from a folder's manifest.json; empty where there is none."""
    found = []
    for entry in _entries(folder):
        lines = (entry.get("truth") or {}).get("lines")
        if lines:
            found.append(Labelled(folder / entry["file"], tuple((line["text"], line["quad"]) for line in lines)))
    return found


def _entries(folder: Path) -> list[dict[str, Any]]:
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return []
    entries: list[dict[str, Any]] = json.loads(manifest.read_text(encoding="utf-8"))["entries"]
    return [entry for entry in entries if (folder / entry["file"]).is_file()]


def _drawn(folder: Path) -> Material:
    """The pictures of the demo: their words are known, nobody on them is."""
    from cli import samples

    made = samples.make(folder)
    pages = [Labelled(folder / one.name, tuple((word, None) for word in one.words)) for one in made if one.words]
    photos = [folder / one.name for one in made if not one.words]
    captions = [" ".join(page.text.split()) for page in pages]
    return Material(pages, photos=photos, captions=captions, note="drawn samples: no labelled pictures were found")
