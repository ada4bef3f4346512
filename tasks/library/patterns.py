"""Patterns for names of files, as people write them for a shell or for git."""

import re
from collections.abc import Iterable
from fnmatch import translate
from typing import Final

ANY_FOLDERS: Final = "**"


class Patterns:
    """Some patterns, compiled; upper and lower case are the same.

    Without a `/` a pattern is for the name alone, in whatever folder. With one it is for the whole path below the
    library, where `*` and `?` stay inside one folder and `**` stands for any number of folders, none too.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._names: list[re.Pattern[str]] = []
        self._paths: list[list[re.Pattern[str] | None]] = []
        for pattern in patterns:
            parts = [part for part in pattern.split("/") if part not in ("", ".")]
            if "/" in pattern.rstrip("/"):
                self._paths.append([None if part == ANY_FOLDERS else _compiled(part) for part in parts])
            elif parts:
                self._names.append(_compiled(parts[0]))

    def __bool__(self) -> bool:
        return bool(self._names or self._paths)

    def match(self, inside: str) -> bool:
        """Whether any fits this path below the library."""
        parts = inside.split("/")
        return any(name.match(parts[-1]) for name in self._names) or any(_fits(path, parts) for path in self._paths)


def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(translate(part), re.IGNORECASE)


def _fits(pattern: list[re.Pattern[str] | None], parts: list[str]) -> bool:
    """Follow all places of the pattern that may be reached, so that many `**` cost no more than their number."""
    places = _past_folders(pattern, {0})
    for part in parts:
        reached = set()
        for place in places:
            if place < len(pattern):
                here = pattern[place]
                if here is None:
                    reached.add(place)
                elif here.match(part):
                    reached.add(place + 1)
        places = _past_folders(pattern, reached)
    return len(pattern) in places


def _past_folders(pattern: list[re.Pattern[str] | None], places: set[int]) -> set[int]:
    reached = set(places)
    for place in places:
        while place < len(pattern) and pattern[place] is None:
            place += 1
            reached.add(place)
    return reached
